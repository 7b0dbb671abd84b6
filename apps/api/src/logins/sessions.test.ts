import { describe, expect, test } from '@jest/globals';
import { ManualClock } from '@belvedere/auth/testing';
import { Sessions, sessionTime } from './sessions.js';

describe('sessions', () => {
  test('last their time, whoever is asked, and end once', () => {
    const clock = new ManualClock();
    const sessions = new Sessions(clock);
    const ended: string[] = [];
    const [john, mary] = ['john', 'mary'].map((user) => sessions.begin(user, () => ended.push(user)));
    expect(Buffer.from(john!.token, 'base64url')).toHaveLength(32);
    expect(john!.expiresAt).toBe(clock.now() + sessionTime);
    expect(sessions.callerOf(john!.token)).toMatchObject({ name: 'john' });
    for (const token of ['', john!.token.slice(1), `${john!.token}A`, john!.token.toUpperCase()]) expect(sessions.callerOf(token)).toBeUndefined();

    const { session } = sessions.callerOf(mary!.token)!;
    session!.end();
    session!.end();
    expect(session!.ended.aborted).toBe(true);
    expect(sessions.callerOf(mary!.token)).toBeUndefined();
    expect(ended).toEqual(['mary']);

    clock.advance(sessionTime - 1);
    expect(sessions.callerOf(john!.token)).toBeDefined();
    clock.advance(1);
    expect(sessions.callerOf(john!.token)).toBeUndefined();
    expect(ended).toEqual(['mary', 'john']);
  });

  test('a clock whose timers slept with the host opens nothing late', () => {
    let now = 0;
    const sessions = new Sessions({ now: () => now, after: () => () => undefined });
    let ends = 0;
    const { token } = sessions.begin('john', () => ends++);
    now = sessionTime;
    expect(sessions.callerOf(token)).toBeUndefined();
    expect(ends).toBe(1);
  });

  test('are so many and no more, and end by user or all', () => {
    const sessions = new Sessions(new ManualClock());
    const ended: string[] = [];
    const begin = (user: string): string => sessions.begin(user, () => ended.push(user)).token;
    const first = begin('john');
    for (let n = 1; n < 50; n++) begin('john');
    expect(ended).toEqual([]);
    begin('john');
    expect(ended).toEqual(['john']);
    expect(sessions.callerOf(first)).toBeUndefined();
    const early = begin('early');
    for (let n = 51; n < 1000; n++) begin(`user${n}`);
    sessions.end('john');
    expect(ended).toHaveLength(51);
    for (let n = 0; n < 50; n++) begin(`more${n}`);
    expect(sessions.callerOf(early)).toBeDefined();
    begin('last');
    expect(sessions.callerOf(early)).toBeUndefined();
    sessions.end();
    expect(ended).toHaveLength(52 + 1000);
  });
});
