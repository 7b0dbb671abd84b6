/**
 * How long a machine of 256 MiB takes to be saved and to start again: commands as typed, with the Debian installer running in it.
 *
 * Run: `node dist/states.js [--memory 256] [--turns 3]`. Medians; the picture is compared each time.
 */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { attachDvd, Home, showsDialog } from '@belvedere/acceptance';
import { debianInstallerIso } from '@belvedere/guests';
import { colourAt, comparePictures, type Picture, until } from '@belvedere/viewers';
import { median } from './median.js';

export interface StateTimes {
  /** Milliseconds. */
  readonly save: number;
  readonly start: number;
  /** Bytes of the state's file. */
  readonly size: number;
}

export async function stateTimes(iso: string, memory: number, turns: number): Promise<StateTimes> {
  const home = new Home();
  try {
    await home.type('VBoxManage createvm --name bench --ostype Debian --register');
    await home.type(`VBoxManage modifyvm bench --memory ${memory} --boot1 dvd`);
    await attachDvd(home, 'bench', iso);
    await home.type('VBoxManage startvm bench --type headless');
    // With so little memory the installer's first dialog is a warning, on red.
    const dialog = await until('the first dialog', async () => {
      const picture = await home.screenshot('bench');
      return showsDialog(picture) || showsBox(picture) ? picture : undefined;
    }, { timeout: 600_000, interval: 2000 });
    const [saves, starts, sizes]: number[][] = [[], [], []];
    for (let turn = 0; turn < turns; turn++) {
      saves!.push(await time(() => home.type('VBoxManage controlvm bench savestate')));
      const folder = join(dirname((await home.info('bench')).get('CfgFile')!), 'Snapshots');
      sizes!.push(statSync(join(folder, readdirSync(folder)[0]!)).size);
      starts!.push(await time(() => home.type('VBoxManage startvm bench --type headless')));
      await until('the same picture', async () => (comparePictures(await home.screenshot('bench'), dialog).pixels === 0 ? true : undefined), { timeout: 60_000 });
    }
    return { save: median(saves!), start: median(starts!), size: median(sizes!) };
  } finally {
    await home.close();
  }
}

/** Whether a tenth of the screen is a grey box. */
function showsBox(picture: Picture): boolean {
  let grey = 0;
  for (let y = 0; y < picture.height; y++) for (let x = 0; x < picture.width; x++) if (colourAt(picture, x, y) === 0xaaaaaa) grey++;
  return picture.width >= 800 && grey > (picture.width * picture.height) / 10;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { memory: { type: 'string', default: '256' }, turns: { type: 'string', default: '3' } } });
  const iso = debianInstallerIso();
  if (iso === undefined) throw new Error('no image of the Debian installer: run "npm run setup" where Debian packages can be fetched');
  const { save, start, size } = await stateTimes(iso, Number(values.memory), Number(values.turns));
  process.stdout.write(`savestate at ${values.memory} MiB: ${save.toFixed(0)} ms, ${(size / 2 ** 20).toFixed(0)} MiB (promised: under 2000 ms at 256 MiB)\n`);
  process.stdout.write(`startvm from it: ${start.toFixed(0)} ms (promised: under 2000 ms at 256 MiB)\n`);
  process.exitCode = save < 2000 && start < 2000 ? 0 : 1;
}
