/** Machines that several tests make. */
import { TESTCARD_ISO } from '@belvedere/guests';
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

export async function attachDvd(home: Home, name: string, iso: string): Promise<void> {
  await home.type(`VBoxManage storagectl "${name}" --name "IDE Controller" --add ide --controller PIIX4`);
  await home.type(`VBoxManage storageattach "${name}" --storagectl "IDE Controller" --port 0 --device 1 --type dvddrive --medium "${iso}"`);
}
