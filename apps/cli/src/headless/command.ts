/** VBoxHeadless's options. Pure. */
import type { StartMachine } from '@belvedere/client';
import { type AnyCommand, command, option, UsageError } from '../table/command.js';
import { choice, machine, property } from '../table/value.js';

export interface Request extends StartMachine {
  ref?: string;
}

/** @param vrde what the remote display does when `--vrde` is not given */
export const headlessCommand = (program: string, vrde: 'on' | 'config', run: (request: Request) => Promise<void>): AnyCommand =>
  command<Request>({
    name: program,
    summary: 'Run a machine in the foreground; its screen is seen over RDP',
    fresh: () => ({ vrde }),
    options: [
      option({ name: 'startvm', letter: 's', value: machine, help: 'the machine', set: (request: Request, ref) => (request.ref = ref) }),
      option({
        name: 'vrde',
        letter: 'v',
        value: choice(['on', 'off', 'config']),
        help: `the remote display for this run; config: as the machine's settings say. Default: ${vrde}`,
        set: (request: Request, chosen) => (request.vrde = chosen),
      }),
      option({
        name: 'vrde-property',
        letter: 'e',
        value: property,
        help: 'one of its properties for this run, such as TCP/Ports=3390; may be given several times',
        set: (request: Request, [name, value]) => ((request.vrdeProperties ??= {})[name] = value),
      }),
      option({ name: 'start-paused', help: 'the guest waits for resume', set: (request: Request) => (request.paused = true) }),
    ],
    unsupported: ['settingspw', 'settingspwfile', 'password', 'password-id', 'capture', 'record', 'width', 'videowidth', 'height', 'videoheight', 'bitrate', 'videobitrate', 'filename', 'comment', 'dumpopts'],
    check({ ref }) {
      if (ref === undefined) throw new UsageError(`${program} needs --startvm <uuid|vmname>`);
    },
    run,
  });
