/** What is done to the screens of a machine that runs: the size that its guest is asked for, and where they stand. */
import { ControlError, type ScreenChange } from '@belvedere/control';
import { type Machine, SettingsError } from '@belvedere/emulator';

/** @throws ControlError; nothing has changed then */
export function changeScreen(machine: Pick<Machine, 'screens' | 'arrange'>, { screen: number, size, place }: ScreenChange): void {
  const screen = machine.screens[number];
  if (!screen) throw new ControlError('E_INVALIDARG', `there is no screen ${number}; the machine has ${machine.screens.length}, counted from 0`);
  const isWished = size !== undefined && (size.width !== screen.width || size.height !== screen.height);
  if (isWished && !screen.requestSize) {
    throw new ControlError('VBOX_E_NOT_SUPPORTED', `screen ${number} is ${screen.width}x${screen.height}, and its adapter has no way to ask the guest for another size: change it in the guest`);
  }
  const before = { on: screen.on, x: screen.x, y: screen.y };
  try {
    if (place) machine.arrange(number, place);
    if (size && screen.requestSize) screen.requestSize(size.width, size.height);
  } catch (cause) {
    if (!(cause instanceof SettingsError || cause instanceof RangeError)) throw cause;
    if (place && cause instanceof RangeError) machine.arrange(number, before);
    throw new ControlError('E_INVALIDARG', cause.message, { cause });
  }
}
