import { afterEach, describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Judgement } from '../audit/judgement.dto.js';
import { Judging } from './judging.js';

/** `echo -n secret | sha256sum` */
const secret = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';
const john = { user: 'john', password: 'secret', domain: '' };
const origin = { address: '127.0.0.1', clientName: 'curl/8' };
const never = new AbortController().signal;

Logger.overrideLogger(false);

describe('a login whose ground moves while it is judged', () => {
  let judging: Judging;
  afterEach(() => judging.close());

  /** The lookup of the hash waits until it is let go. */
  function held(library: () => string | undefined = () => 'VBoxAuthSimple') {
    const kept: Judgement[] = [];
    let release!: () => void;
    let begun!: () => void;
    const asked = new Promise<void>((resolve) => (begun = resolve));
    const free = new Promise<void>((resolve) => (release = resolve));
    const hashOf = async (): Promise<string> => {
      begun();
      await free;
      return secret;
    };
    judging = new Judging(async () => library(), hashOf, async (judgement) => void kept.push(judgement));
    return { kept, asked, release };
  }

  test.each([
    ['another library', () => judging.libraryChanged()],
    ['another hash', () => judging.userChanged('john')],
    ['the end of the API', () => void judging.close()],
  ])('%s: it opens nothing, and the record says so', async (_what, change) => {
    const { kept, asked, release } = held();
    const login = judging.logIn(john, origin, never);
    await asked;
    change();
    release();
    expect(await login).toBeUndefined();
    expect(kept).toMatchObject([{ user: 'john', granted: false, reason: 'who may log in was changed meanwhile' }]);
  });

  test('nobody may any more: nobody is asked', async () => {
    const { kept, release } = held(() => undefined);
    release();
    expect(await judging.logIn(john, origin, never)).toBeUndefined();
    expect(kept).toEqual([]);
  });

  test('unmoved, it opens a session', async () => {
    const { kept, release } = held();
    release();
    const { token } = (await judging.logIn(john, origin, never))!;
    expect(judging.sessions.callerOf(token)).toMatchObject({ name: 'john' });
    expect(kept).toMatchObject([{ user: 'john', machine: '', clientName: 'curl/8', granted: true }]);
  });

  test('a login that leaves no record is none', async () => {
    judging = new Judging(async () => 'VBoxAuthSimple', () => secret, () => Promise.reject(new Error('the disk is full')));
    expect(await judging.logIn(john, origin, never)).toBeUndefined();
  });
});
