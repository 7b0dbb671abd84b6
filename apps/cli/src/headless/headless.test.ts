/** A machine in the foreground, against a stand-in for the API. */
import type { Machine } from '@belvedere/client';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeApi, Printed, Refusal } from '../test/fake-api.js';
import { machine, running, UUID } from '../test/fixtures.js';
import { headless } from './main.js';

let api: FakeApi;
let printed: Printed;
/** The machine as the API knows it now. */
let now: Machine | Refusal;
let signal: () => void;
let signals: number;
beforeEach(async () => {
  api = await FakeApi.open();
  printed = new Printed();
  now = machine;
  signals = 0;
  const become = (next: Machine) => () => (now = next);
  api.answers = {
    'GET /machines/xp': () => now,
    [`GET /machines/${UUID}`]: () => now,
    [`POST /machines/${UUID}/start`]: become(running),
    [`POST /machines/${UUID}/save-state`]: () => {
      now = machine;
      change();
      return machine;
    },
  };
});
afterEach(() => api.close());

const change = (): void => api.emit({ type: 'machine', uuid: UUID, name: 'Windows XP', state: 'whatever' });
const run = (words: string, program: 'VBoxHeadless' | 'VBoxVRDP' = 'VBoxHeadless', start?: () => Promise<void>): Promise<number> =>
  headless(program, words.split(' '), {
    output: printed,
    open: () => api.client(start),
    onStop: (listener) => {
      signal = listener;
      signals++;
      return () => signals--;
    },
  });
const listening = 'VRDE server is listening on port 5011.\n';
const started = async (words = '--startvm xp'): Promise<Promise<number>[]> => {
  const code = run(words);
  await printed.until(listening);
  return [code];
};

describe('a run', () => {
  test('prints banner and port, stays until the machine is off, and ends well', async () => {
    const [code] = await started();
    now = machine;
    change();
    expect(await code).toBe(0);
    expect(printed.stdout).toBe(`Belvedere Headless Interface 0.1.0\n(C) 2026 The Belvedere authors\n\n${listening}VRDE server is inactive.\n`);
    expect(printed.stderr).toBe('');
    expect(api.seen.slice(0, 3)).toEqual(['GET /machines/xp', 'GET /events', `POST /machines/${UUID}/start {"vrde":"config"}`]);
    expect(signals).toBe(0);
  });

  test('says when the remote display closes, opens again, or fails', async () => {
    const [code] = await started();
    const vrde = { ...running.run!.vrde };
    for (const [next, text] of [
      [{ ...vrde, port: null }, 'VRDE server is inactive.\n'],
      [{ ...vrde, port: 5012 }, 'VRDE server is listening on port 5012.\n'],
      [{ ...vrde, port: null, problem: 'ports 5000 are in use' }, 'VRDE server failed to start.\n'],
    ] as const) {
      now = { ...running, run: { ...running.run!, vrde: next } };
      api.emit({ type: 'vrde', uuid: UUID, name: 'Windows XP', vrde: next });
      await printed.until(text);
    }
    signal();
    expect(await code).toBe(0);
    expect(printed.stderr).toBe('ports 5000 are in use\n');
  });

  test('of a machine that aborts ends with its reason', async () => {
    const [code] = await started();
    now = { ...machine, state: 'aborted', stateReason: 'the engine trapped' };
    change();
    expect(await code).toBe(1);
    expect(printed.stderr).toBe("VBoxHeadless: error: machine 'xp': the engine trapped\n");
  });

  test.each<[string, Machine | Refusal]>([
    ['was started again by someone else', { ...running, run: { ...running.run!, pid: 4712 } }],
    ['is not registered any more', new Refusal(404, { code: 'VBOX_E_OBJECT_NOT_FOUND', message: 'gone' })],
  ])('has ended when the machine %s', async (_, next) => {
    const [code] = await started();
    now = next;
    change();
    expect(await code).toBe(0);
  });

  test("is not moved by other machines' events", async () => {
    const [code] = await started();
    api.emit({ type: 'machine', uuid: 'other', name: 'other', state: 'poweroff' });
    now = machine;
    change();
    expect(await code).toBe(0);
    expect(api.seen.filter((request) => request === `GET /machines/${UUID}`)).toHaveLength(1);
  });
});

describe('signals', () => {
  test("save the machine's state", async () => {
    const [code] = await started();
    signal();
    expect(await code).toBe(0);
    expect(api.seen).toContain(`POST /machines/${UUID}/save-state`);
  });

  test('while it starts: as soon as it has', async () => {
    api.answers = {
      ...api.answers,
      [`POST /machines/${UUID}/start`]: () => {
        signal();
        return (now = running);
      },
    };
    expect(await run('--startvm xp')).toBe(0);
    expect(api.seen.filter((request) => request.endsWith('/save-state'))).toHaveLength(1);
  });

  test('twice: leave it as it is', async () => {
    api.answers = { ...api.answers, [`POST /machines/${UUID}/save-state`]: () => new Promise(() => {}) };
    const [code] = await started();
    signal();
    signal();
    expect(await code).toBe(1);
    expect(printed.stderr).toContain('left the machine as it is');
  });
});

test('an API that dies is started again, and what happened meanwhile is seen', async () => {
  let starts = 0;
  const code = run('--startvm xp', 'VBoxHeadless', async () => {
    starts++;
    now = machine;
    await api.listen();
  });
  await printed.until(listening);
  await api.stop();
  expect(await code).toBe(0);
  expect(starts).toBe(1);
});

describe('options', () => {
  test.each([
    ['-s xp -v on -e TCP/Ports=3390 -e TCP/Address=', '{"vrde":"on","vrdeProperties":{"TCP/Ports":"3390","TCP/Address":null}}'],
    ['-startvm xp -vrde off --start-paused', '{"vrde":"off","paused":true}'],
  ])('%s', async (words, body) => {
    const [code] = await started(words);
    signal();
    await code;
    expect(api.seen).toContain(`POST /machines/${UUID}/start ${body}`);
  });

  test("VBoxVRDP's remote display is on unless something else is said", async () => {
    const code = run('--startvm xp', 'VBoxVRDP');
    await printed.until(listening);
    signal();
    expect(await code).toBe(0);
    expect(api.seen).toContain(`POST /machines/${UUID}/start {"vrde":"on"}`);
  });

  test.each([
    ['--vrde on', 'VBoxHeadless needs --startvm <uuid|vmname>'],
    ['--startvm xp --capture', "option '--capture' is not supported by this version of Belvedere; leave it out"],
    ['--startvm xp --vrde maybe', "option '--vrde': must be on, off or config, not 'maybe'"],
  ])('%s is refused', async (words, message) => {
    expect(await run(words)).toBe(1);
    expect(printed.stderr).toBe(`VBoxHeadless: error: ${message}\nType 'VBoxHeadless --help' for help.\n`);
    expect(api.seen).toEqual([]);
  });

  test('a refusal to start is an error, and nothing waits', async () => {
    api.answers = { ...api.answers, [`POST /machines/${UUID}/start`]: new Refusal(409, { code: 'VBOX_E_INVALID_OBJECT_STATE', message: "machine 'Windows XP' runs already" }) };
    expect(await run('--startvm xp')).toBe(1);
    expect(printed.stderr).toContain("VBoxHeadless: error: machine 'Windows XP' runs already\n");
  });

  test('help and version need no machine', async () => {
    expect(await run('--help')).toBe(0);
    expect(printed.stdout).toContain('Usage: VBoxHeadless [options]');
    expect(await run('--version')).toBe(0);
    expect(printed.stdout).toContain('7.0.20r163906\n');
  });
});
