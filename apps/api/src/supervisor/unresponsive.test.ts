import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { identify, isAlive } from '../host/process-identity.js';
import type { Machine } from '../machines/machine.dto.js';
import { TestHome } from '../test/home.js';

describe('machines whose processes do not answer', () => {
  let home: TestHome;
  beforeAll(async () => {
    home = await TestHome.make();
  });
  afterAll(() => home.remove());

  test('one that is stopped delays nothing, is found again, and answers when it goes on', async () => {
    await home.machine('stopped');
    await home.machine('other');
    const { run } = await home.get<Machine>('POST', '/machines/stopped/start');
    await home.get('POST', '/machines/stopped/pause');
    process.kill(run!.pid, 'SIGSTOP');
    await home.stop();
    await home.start();
    const found = await home.get<Machine>('GET', '/machines/stopped');
    expect(found).toMatchObject({ state: 'paused', run: { pid: run!.pid, screens: [], notices: [expect.stringContaining('does not answer')] } });
    expect(await home.get('POST', '/machines/other/start')).toMatchObject({ state: 'running' });
    await home.get('POST', '/machines/other/power-off');
    process.kill(run!.pid, 'SIGCONT');
    expect(await home.get('GET', '/machines/stopped')).toMatchObject({ state: 'paused', run: { screens: [{ width: 720 }], notices: [] } });
    expect(await home.get('POST', '/machines/stopped/power-off')).toMatchObject({ state: 'poweroff' });
  });

  test('one that ignores power-off is ended, and is aborted then', async () => {
    await home.machine('a:deaf');
    const { run } = await home.get<Machine>('POST', '/machines/a%3Adeaf/start');
    const process = identify(run!.pid)!;
    expect(await home.get('POST', '/machines/a%3Adeaf/power-off')).toMatchObject({ state: 'aborted', stateReason: 'its process did not answer when it was to power off, and was ended', run: null });
    expect(isAlive(process)).toBe(false);
  });
});

describe('process identity', () => {
  test('a number alone is nobody', () => {
    const self = identify(process.pid)!;
    expect(isAlive(self)).toBe(true);
    expect(isAlive({ ...self, token: `${self.token}0` })).toBe(false);
    expect(isAlive({ ...self, token: '' })).toBe(false);
    expect(identify(2 ** 22 + 1)).toBeUndefined();
  });
});
