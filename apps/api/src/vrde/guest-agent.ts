/** What authentication type `guest` needs of a machine: one serial port at which its QEMU guest agent is asked. Pure. */
import { invalid } from '../http/api-error.js';
import type { MachineSettings } from '../machines/settings.js';

/** @throws ApiError that says what to type */
export function requireGuestAgent({ name, hardware, vrde }: Pick<MachineSettings, 'name' | 'hardware' | 'vrde'>): void {
  const slots = hardware.serialPorts.filter(({ enabled, mode }) => enabled && mode === 'guestagent').map(({ slot }) => slot);
  if (slots.length > 1) throw invalid(`serial ports ${slots.join(' and ')} have mode 'guestagent': the guest's agent listens at one port, so give the others another mode`);
  if (vrde.authType === 'guest' && slots.length === 0) {
    throw invalid(
      `VRDE authentication type 'guest' asks the guest's agent (qemu-ga) at a serial port, and machine '${name}' has none for it: while it is off, use VBoxManage modifyvm "${name}" --uart1 0x3f8 4 --uart-mode1 guestagent`,
    );
  }
}
