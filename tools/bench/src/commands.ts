/**
 * How long commands take: `VBoxManage list vms` with the API up, beside a bare `node -e 0`; and `startvm` until its port listens.
 *
 * Run: `node dist/commands.js [--turns 15]`. The two take turns; medians. The command's output is verified each time.
 */
import { connect } from 'node:net';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Home, startTestCard } from '@belvedere/acceptance';
import { until } from '@belvedere/viewers';
import { median } from './median.js';

export interface CommandTimes {
  /** Milliseconds. */
  readonly list: number;
  readonly node: number;
  readonly start: number;
}

export async function commandTimes(turns: number): Promise<CommandTimes> {
  const home = new Home();
  try {
    const port = await startTestCard(home, 'bench');
    const times: Record<keyof CommandTimes, number[]> = { list: [], node: [], start: [] };
    for (let turn = 0; turn < turns; turn++) {
      times.node.push(await time(async () => void (await home.type('node -e 0'))));
      times.list.push(await time(async () => {
        const printed = await home.type('VBoxManage list vms');
        if (!/^"bench" \{[0-9a-f-]{36}\}\n$/.test(printed)) throw new Error(`list vms printed ${printed}`);
      }));
    }
    for (let turn = 0; turn < Math.ceil(turns / 3); turn++) {
      await home.type('VBoxManage controlvm bench poweroff');
      await home.untilState('bench', 'poweroff');
      times.start.push(await time(async () => {
        await home.type('VBoxManage startvm bench --type headless');
        await until('the port', () => listens(port));
      }));
    }
    return { list: median(times.list), node: median(times.node), start: median(times.start) };
  } finally {
    await home.close();
  }
}

async function time(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const listens = (port: number): Promise<true | undefined> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(undefined));
  });

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { turns: { type: 'string', default: '15' } } });
  const { list, node, start } = await commandTimes(Number(values.turns));
  process.stdout.write(`VBoxManage list vms: ${list.toFixed(0)} ms, ${(list / node).toFixed(1)} bare "node -e 0" of ${node.toFixed(0)} ms (promised: under 100 ms)\n`);
  process.stdout.write(`startvm to a listening port: ${start.toFixed(0)} ms (promised: under 2000 ms)\n`);
  process.exitCode = list < 100 && start < 2000 ? 0 : 1;
}
