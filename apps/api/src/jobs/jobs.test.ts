import { describe, expect, test } from '@jest/globals';
import { EventHub } from '../events/event-hub.js';
import { fileError } from '../http/api-error.js';
import type { Job } from './job.dto.js';
import { JobsService, type Work } from './jobs.service.js';

describe('jobs', () => {
  const make = (): { jobs: JobsService; told: Job[]; next: (state: string) => Promise<Job> } => {
    const hub = new EventHub();
    const told: Job[] = [];
    let wake: () => void = () => undefined;
    hub.onEvent((event) => {
      if (event.type === 'job') told.push(event.job);
      wake();
    });
    const next = async (state: string): Promise<Job> => {
      for (;;) {
        const job = told.find((candidate) => candidate.state === state);
        if (job) return job;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    };
    return { jobs: new JobsService(hub), told, next };
  };
  /** Work that ends when the test says so. */
  const held = (): { work: (work: Work) => Promise<string>; parts: () => Work; finish: (result: string) => void; fail: (error: Error) => void } => {
    let parts!: Work;
    let finish!: (result: string) => void;
    let fail!: (error: Error) => void;
    const ended = new Promise<string>((resolve, reject) => {
      finish = resolve;
      fail = reject;
    });
    return { parts: () => parts, finish, fail, work: (given) => ((parts = given), given.signal.addEventListener('abort', () => fail(given.signal.reason as Error)), ended) };
  };

  test('tell that they begin, how far they are, each per cent once, and how they end', async () => {
    const { jobs, told, next } = make();
    const { work, parts, finish } = held();
    const { id } = jobs.start('resize', '/a.vdi', work);
    for (const done of [0, 0.101, 0.105, 0.05, 0.5, 1]) parts().onProgress(done);
    finish('u');
    expect(await next('done')).toMatchObject({ id, kind: 'resize', subject: '/a.vdi', percent: 100, result: 'u', problem: null });
    parts().onProgress(0.7);
    expect(told.map(({ state, percent }) => `${state} ${percent}`)).toEqual(['running 0', 'running 10', 'running 50', 'running 100', 'done 100']);
    expect(jobs.list()).toEqual([told.at(-1)]);
    expect(() => jobs.cancel(id)).toThrow(`job {${id}} has ended: it is done`);
    expect(() => jobs.get('x')).toThrow('there is no job {x}');
  });

  test('that fail say why', async () => {
    const { jobs, next } = make();
    const { work, fail } = held();
    jobs.start('clone', '/a.vdi', work);
    fail(fileError('could not clone', new Error('no space left')));
    expect(await next('failed')).toMatchObject({ result: null, problem: { code: 'VBOX_E_FILE_ERROR', message: 'could not clone: no space left' } });
  });

  test('are cancelled by a request, and by the end of the API, which waits for them', async () => {
    const { jobs, told, next } = make();
    const first = held();
    const { id } = jobs.start('clone', '/a.vdi', first.work);
    jobs.cancel(id);
    expect(await next('cancelled')).toMatchObject({ id, result: null, problem: null });
    const second = held();
    jobs.start('compact', '/b.vdi', second.work);
    await jobs.onApplicationShutdown();
    expect(told.at(-1)).toMatchObject({ subject: '/b.vdi', state: 'cancelled' });
  });

  test('that ended are forgotten, the oldest first; those that run are not', async () => {
    const { jobs } = make();
    const { work } = held();
    const { id } = jobs.start('clone', '/a.vdi', work);
    for (let i = 0; i < 150; i++) jobs.start('compact', `/${i}.vdi`, () => Promise.resolve('u'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(jobs.list()).toHaveLength(101);
    expect(jobs.get(id).state).toBe('running');
    await jobs.onApplicationShutdown();
  });
});
