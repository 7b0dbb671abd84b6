/**
 * Debian is installed from a mirror on this host, unattended: `node tools/acceptance/dist/install.js [--card virtio|NE2000]`.
 *
 * Then the result is booted, its image judged by qemu-img, and booted by QEMU too. Prints each stage with the seconds since the start; ends with 1 when anything is
 * not as it should be. Takes more than an hour on a busy host: a guest that starts many processes runs several times as slowly as in QEMU.
 */
import { type Card, bootByQemu, checkImage, hasQemu, Installation } from './installation.js';
import { hasQemuImg } from './block-writer.js';
import { Home } from './home.js';

const cards: readonly Card[] = ['virtio', 'NE2000'];
const [option, value = 'virtio'] = process.argv.slice(2);
const card = cards.find((each) => each === value);
if ((option !== undefined && option !== '--card') || !card) throw new Error(`${process.argv.slice(2).join(' ')}: the one option is --card, which is one of ${cards.join(', ')}`);

const began = performance.now();
const tell = (text: string): void => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${text}`);
let packages = 0;
const home = new Home();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void home.close().finally(() => process.exit(1)));
let installation: Installation | undefined;
try {
  installation = await Installation.start(home, card);
  if (!installation) throw new Error("the installer's image or the mirror is not there: run npm test once, which fetches Debian's packages for them");
  tell(`the installer starts, its card is ${card}`);
  installation.onProgress((what) => {
    if (!what.endsWith('.deb')) tell(what);
    else if (++packages % 20 === 0) tell(`fetched ${packages} packages`);
  });
  await installation.finished();
  tell('the machine has switched itself off');
  judge(installation.image);
  await installation.boot();
  tell('the installed system shows its login prompt');
  const said = await installation.typeInGuest('cat /etc/debian_version; ls /sys/class/net; findmnt -n /; dpkg -l | grep -c ^ii');
  for (const line of said.split(/\r*\n/)) tell(`  ${line}`);
  await installation.powerOff();
  tell('the installed system has switched itself off');
  judge(installation.image);
  if (hasQemu()) {
    await bootByQemu(installation.image);
    tell('QEMU boots the same image to its login prompt');
  } else tell('left out: the boot by QEMU: it is not installed (Debian: qemu-system-x86)');
} catch (error) {
  tell(`failed: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await installation?.close();
  await home.close();
}

function judge(image: string): void {
  if (!hasQemuImg()) return tell('left out: qemu-img\'s judgement of the image: it is not installed (Debian: qemu-utils)');
  const found = checkImage(image);
  tell(`qemu-img check: ${found.split('\n')[0]}`);
  if (!found.includes('No errors were found')) process.exitCode = 1;
}
