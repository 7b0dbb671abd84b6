/**
 * Long work: begun by a request that is answered at once, followed by events, ended when it is done, fails or is cancelled.
 *
 * Jobs live as long as the API. One that stops cancels them and waits for their ends; the last that ended are kept to be asked about.
 */
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { EventHub } from '../events/event-hub.js';
import { ApiError, notFound, textOf } from '../http/api-error.js';
import type { Problem } from '../http/problem.dto.js';
import { problemFrom } from '../http/problem.filter.js';
import type { Job, JobKind } from './job.dto.js';

/** Jobs that have ended and are still known. */
const kept = 100;

/** How a job's work tells how far it is, and is told to stop: `packages/disk` takes just this. */
export interface Work {
  /** @param done from 0 to 1 */
  readonly onProgress: (done: number) => void;
  readonly signal: AbortSignal;
}

interface Running {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

@Injectable()
export class JobsService implements OnApplicationShutdown {
  private readonly log = new Logger('jobs');
  private readonly jobs = new Map<string, Job>();
  private readonly running = new Map<string, Running>();

  constructor(private readonly events: EventHub) {}

  list(): Job[] {
    return [...this.jobs.values()];
  }

  /** @throws ApiError */
  get(id: string): Job {
    const job = this.jobs.get(id);
    if (!job) throw notFound(`there is no job {${id}}: jobs are known while they run and for a while afterwards, and end with the API`);
    return job;
  }

  /** @param work resolves to the UUID of what was made or changed */
  start(kind: JobKind, subject: string, work: (work: Work) => Promise<string>): Job {
    const job: Job = { id: randomUUID(), kind, subject, state: 'running', percent: 0, startedAt: new Date().toISOString(), endedAt: null, result: null, problem: null };
    const stop = new AbortController();
    this.tell(job);
    const onProgress = (done: number): void => {
      const percent = Math.min(100, Math.max(0, Math.floor(done * 100)));
      const current = this.jobs.get(job.id)!;
      if (percent > current.percent && current.state === 'running') this.tell({ ...current, percent });
    };
    const ended = work({ onProgress, signal: stop.signal }).then(
      (result) => this.end(job.id, { state: 'done', percent: 100, result }),
      (error: unknown) => this.end(job.id, stop.signal.aborted ? { state: 'cancelled' } : { state: 'failed', problem: this.problem(error) }),
    );
    this.running.set(job.id, { stop, ended });
    return job;
  }

  /** Asks a job to stop; what it made is removed by its own work. @returns the job, which may still be on its way to its end. @throws ApiError */
  cancel(id: string): Job {
    const job = this.get(id);
    const running = this.running.get(id);
    if (!running) throw new ApiError('VBOX_E_INVALID_OBJECT_STATE', `job {${id}} has ended: it is ${job.state}`);
    running.stop.abort();
    return job;
  }

  async onApplicationShutdown(): Promise<void> {
    for (const { stop } of this.running.values()) stop.abort();
    await Promise.all([...this.running.values()].map(({ ended }) => ended));
  }

  private problem(error: unknown): Problem {
    const { problem, known } = problemFrom(error);
    if (!known) this.log.error(`work failed: ${textOf(error)}`, error instanceof Error ? error.stack : undefined);
    return problem;
  }

  private end(id: string, how: Partial<Job>): void {
    this.running.delete(id);
    this.tell({ ...this.jobs.get(id)!, ...how, endedAt: new Date().toISOString() });
    const over = [...this.jobs.values()].filter(({ state }) => state !== 'running');
    for (const { id: old } of over.slice(0, Math.max(0, over.length - kept))) this.jobs.delete(old);
  }

  private tell(job: Job): void {
    this.jobs.set(job.id, job);
    this.events.emit({ type: 'job', job });
  }
}
