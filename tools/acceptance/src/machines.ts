/** Machines that several tests make. */
import { readFileSync } from 'node:fs';
import { expectedPicture, linuxIso, LINUX_PASSWORD, type Mode, TESTCARD_ISO, type TestCard } from '@belvedere/guests';
import { RdpClient } from '@belvedere/rdp/client';
import { type Picture, until } from '@belvedere/viewers';
import { freePort, type Home } from './home.js';

/** Makes a machine that boots the test card from a DVD, with its serial line and its remote display, and starts it. @returns its display's port */
export async function startTestCard(home: Home, name: string, settings = ''): Promise<number> {
  const port = await freePort();
  await home.type(`VBoxManage createvm --name "${name}" --ostype Other --register`);
  await home.type(`VBoxManage modifyvm "${name}" --memory 32 --boot1 dvd --uart1 0x3F8 4 --uartmode1 server "${home.serialPath(name)}" --vrde on --vrde-port ${port} --vrde-address 127.0.0.1 ${settings}`);
  await attachDvd(home, name, TESTCARD_ISO);
  await home.type(`VBoxManage startvm "${name}" --type headless`);
  return port;
}

/** What the test card draws in a mode. */
export function testCardPicture(mode: Mode): Picture {
  const { width, height, pixels } = expectedPicture(mode);
  return { width, height, stride: 4 * width, data: pixels };
}

/** Makes a machine with the small Linux, whose accounts judge logins to it, starts it and waits until they do. @returns its display's port */
export async function startLinux(home: Home, name: string): Promise<number> {
  const port = await freePort();
  await home.type(`VBoxManage createvm --name "${name}" --ostype Debian --register`);
  await attachDvd(home, name, linuxIso()!);
  await home.type(`VBoxManage modifyvm "${name}" --memory 128 --boot1 dvd --uart1 0x3f8 4 --uart-mode1 guestagent --vrde on --vrde-port ${port} --vrde-address 127.0.0.1 --vrde-auth-type guest`);
  await home.type(`VBoxManage startvm "${name}" --type headless`);
  await until('the agent', async () => {
    const client = new RdpClient({ port, user: 'john', password: LINUX_PASSWORD, width: 720, height: 400 });
    await client.active().catch(() => undefined);
    client.close();
    // A client that is refused becomes active too, to be told why: only the record says that it was let in.
    const { judgements } = await home.client.request('GET /machines/{ref}/judgements', { path: { ref: name }, query: { limit: 1 } });
    return judgements[0]?.granted ? true : undefined;
  }, { timeout: 300_000, interval: 1000 });
  return port;
}

export async function attachDvd(home: Home, name: string, iso: string): Promise<void> {
  await home.type(`VBoxManage storagectl "${name}" --name "IDE Controller" --add ide --controller PIIX4`);
  await home.type(`VBoxManage storageattach "${name}" --storagectl "IDE Controller" --port 0 --device 1 --type dvddrive --medium "${iso}"`);
}

/** As `startTestCard`, without a remote display, and with a disk of 64 MiB. @returns the guest, which answers */
export async function startTestCardWithDisk(home: Home, name: string): Promise<TestCard> {
  await home.type(`VBoxManage createvm --name ${name} --ostype Other --register`);
  await home.type(`VBoxManage modifyvm ${name} --memory 32 --boot1 dvd --uart1 0x3F8 4 --uartmode1 server "${home.serialPath(name)}"`);
  await home.type(`VBoxManage createhd --filename ${name}.vdi --size 64`);
  await attachDvd(home, name, TESTCARD_ISO);
  await home.type(`VBoxManage storageattach ${name} --storagectl "IDE Controller" --port 0 --device 0 --type hdd --medium ${name}.vdi`);
  await home.type(`VBoxManage startvm ${name} --type headless`);
  return home.testCard(name);
}

/** Makes a machine that can be moved: the test card with its serial line and this disk, without a remote display. */
export async function makeMovable(home: Home, name: string, disk: string, settings = ''): Promise<void> {
  await home.type(`VBoxManage createvm --name ${name} --ostype Other --register`);
  await home.type(`VBoxManage modifyvm ${name} --memory 32 --vram 8 --nic1 none --boot1 dvd --uart1 0x3F8 4 --uartmode1 server "${home.serialPath(name)}" ${settings}`);
  await attachDvd(home, name, TESTCARD_ISO);
  await home.type(`VBoxManage storageattach ${name} --storagectl "IDE Controller" --port 0 --device 0 --type hdd --medium "${disk}"`);
}

/** The process of the one machine that runs in a home. */
export async function machineProcess(home: Home): Promise<number> {
  const { pid: api } = await home.status();
  const [machine, ...others] = home.processes().filter((pid) => {
    try {
      return pid !== api && /headless\/dist\/main/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    } catch {
      return false; // it has ended
    }
  });
  if (machine === undefined || others.length) throw new Error(`expected one machine's process, found ${others.length + (machine ? 1 : 0)}`);
  return machine;
}
