/**
 * What an idle guest costs, with a viewer connected: the machine process's processor time, as a share of one core.
 *
 * Run: `node dist/idle.js [--seconds 30]`. The guest is the Debian installer at its first dialog: a Linux that waits for a key.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { attachDvd, freePort, Home, showsDialog } from '@belvedere/acceptance';
import { debianInstallerIso } from '@belvedere/guests';
import { startViewer, until, VirtualDisplay } from '@belvedere/viewers';

/** Ticks a second in which Linux counts processor time for programs. */
const TICKS = 100;

/** Seconds of processor time that a process has used, its threads included. [proc(5)] stat, fields 14 and 15 */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** @returns the share of a core that the machine's process used, over so many seconds */
export async function idleShare(home: Home, seconds: number): Promise<number> {
  const { pid: api } = await home.status();
  const [machine, ...others] = home.processes().filter((pid) => pid !== api && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('headless'));
  if (machine === undefined || others.length) throw new Error(`expected one machine's process, found ${others.length + (machine ? 1 : 0)}`);
  const before = processorSeconds(machine);
  const start = performance.now();
  await wait(1000 * seconds);
  return (processorSeconds(machine) - before) / ((performance.now() - start) / 1000);
}

export async function idleLinux(iso: string, seconds: number): Promise<number> {
  const home = new Home();
  const display = await VirtualDisplay.start({ width: 1100, height: 850 });
  try {
    const port = await freePort();
    await home.type('VBoxManage createvm --name idle --ostype Debian --register');
    await home.type(`VBoxManage modifyvm idle --memory 512 --boot1 dvd --vrde on --vrde-port ${port} --vrde-address 127.0.0.1`);
    await attachDvd(home, 'idle', iso);
    await home.type('VBoxManage startvm idle --type headless');
    await until('the first dialog', async () => (showsDialog(await home.screenshot('idle')) ? true : undefined), { timeout: 600_000, interval: 2000 });
    const viewer = await startViewer(display, { program: 'xfreerdp', host: '127.0.0.1', port, user: 'u', password: 'p', size: await home.screenshot('idle') });
    await viewer.waitFor('the first dialog', showsDialog);
    await wait(5000); // its start is behind it
    const share = await idleShare(home, seconds);
    await viewer.close();
    return share;
  } finally {
    await display.close();
    await home.close();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' } } });
  const iso = debianInstallerIso();
  if (iso === undefined) throw new Error('no image of the Debian installer: run "npm run setup" where Debian packages can be fetched');
  const share = await idleLinux(iso, Number(values.seconds));
  process.stdout.write(`an idle Linux with one viewer: ${(100 * share).toFixed(1)} % of a core (promised: under 6 %)\n`);
  process.exitCode = share < 0.06 ? 0 : 1;
}
