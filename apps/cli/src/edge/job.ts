/** Follows a job of the API on standard error until it ends, and cancels it when the command is interrupted. */
import { ApiError, type Client, type Job, RESULT_CODES } from '@belvedere/client';
import type { Context } from './context.js';
import { Tens } from './progress.js';

type Events = Awaited<ReturnType<Client['events']>>;

/**
 * Begins a job and waits for its end.
 * @returns the UUID of what was made or changed
 * @throws ApiError as the job was refused or failed; Error when it was cancelled
 */
export async function followJob(context: Context, begin: (client: Client) => Promise<Job>, request: string): Promise<string> {
  const { client } = context;
  const over = new AbortController();
  // Listened to before the job begins, so that nothing of it is missed, and no interruption either.
  const interruption = new Interruption((id) => void client.request('DELETE /jobs/{id}', { path: { id } }).catch(() => undefined));
  try {
    const events = await client.events(over.signal);
    const job = await begin(client);
    interruption.begun(job.id);
    return await follow(context, events, job, request);
  } finally {
    interruption.close();
    over.abort();
  }
}

/** Ctrl-C, from before the job is begun to its end. */
class Interruption {
  private came = false;
  private id: string | undefined;
  private readonly listener = (): void => {
    this.came = true;
    if (this.id !== undefined) this.cancel(this.id);
  };

  constructor(private readonly cancel: (id: string) => void) {
    process.on('SIGINT', this.listener);
  }

  begun(id: string): void {
    this.id = id;
    if (this.came) this.cancel(id);
  }

  close(): void {
    process.off('SIGINT', this.listener);
  }
}

async function follow({ output }: Context, events: Events, { id }: Job, request: string): Promise<string> {
  const tens = new Tens(output);
  tens.told(0);
  const ended = await lastWord(events, id, (percent) => tens.told(percent));
  if (ended?.state === 'done') {
    tens.told(100);
    return ended.result ?? '';
  }
  output.writeNote('FAILED\n');
  throw reasonOf(ended, request);
}

/** @returns the job as it ended; undefined when the API did before */
async function lastWord(events: Events, id: string, onPercent: (percent: number) => void): Promise<Job | undefined> {
  for await (const event of events) {
    if (event.type !== 'job') continue;
    const { job } = event;
    if (job.id !== id) continue;
    if (job.state !== 'running') return job;
    onPercent(job.percent);
  }
  return undefined;
}

function reasonOf(job: Job | undefined, request: string): Error {
  if (!job) return new Error('the API stopped, and this work with it: what was half done is gone, do it again');
  if (job.state === 'cancelled' || !job.problem) return new Error('the work was cancelled, and nothing of it is left');
  const { code, message, component, interface: of } = job.problem;
  return new ApiError(500, Object.hasOwn(RESULT_CODES, code) ? (code as keyof typeof RESULT_CODES) : 'E_FAIL', message, request, component, of);
}
