/** A process that lives on as a relay after its machine was teleported: it is nobody's machine any more, and is left alone. */
import { expect, test } from '@jest/globals';
import { isAlive, identify } from '../host/process-identity.js';
import type { Machine } from '../machines/machine.dto.js';
import { TestHome } from '../test/home.js';

test('the move is answered, the machine is off and can be started again, and the relay goes on', async () => {
  const home = await TestHome.make();
  try {
    await home.machine('source');
    const url = '/machines/source';
    const { run } = await home.get<Machine>('POST', `${url}/start`, {});
    const relay = identify(run!.pid)!;
    await home.get('POST', `${url}/teleport`, { host: '::1', port: 6000 });
    expect(await home.get<Machine>('GET', url)).toMatchObject({ state: 'teleported', stateReason: `process ${relay.pid} relays`, run: null });
    const again = await home.get<Machine>('POST', `${url}/start`, {});
    expect(again.run!.pid).not.toBe(relay.pid);
    expect(isAlive(relay)).toBe(true);
    process.kill(relay.pid, 'SIGKILL');
    expect(await home.get<Machine>('POST', `${url}/power-off`, {})).toMatchObject({ state: 'poweroff' });
  } finally {
    await home.remove();
  }
}, 60_000);
