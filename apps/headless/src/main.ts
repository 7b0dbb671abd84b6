/**
 * The machine process: settings on standard input, one line of JSON on file descriptor 3 when the machine runs or could not be started.
 *
 * Ends with the machine: exit status 0 when it was switched off or saved, 1 when it failed or never started. SIGTERM, SIGINT and SIGHUP save its
 * state: a host that shuts down loses no machine. After a machine was teleported the process may live on as the relay of its viewers.
 */
import { closeSync, fstatSync, statSync, writeSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { ControlError, type MachineSpec } from '@belvedere/control';
import { createLog } from './log.js';
import { MachineProcess, writeExit } from './machine.js';
import { WaitingMachine } from './teleport/waiting.js';

const READY_FD = 3;

/** Tells whoever started this process, if that is listening. */
function report(message: object): void {
  try {
    const given = fstatSync(READY_FD);
    // Node.js 20 leaves symbolic links in the paths of modules unresolved while the last file it was asked about, here, was a pipe.
    statSync(process.execPath);
    if (!given.isFIFO() && !given.isSocket()) return;
    writeSync(READY_FD, `${JSON.stringify(message)}\n`);
    closeSync(READY_FD);
  } catch {
    // Nobody listens: the process was started by hand, or its starter has gone.
  }
}

const spec = JSON.parse(await text(process.stdin)) as MachineSpec;
const log = createLog(spec.name);

// A fault nobody handled leaves the machine in no state to go on: say why, so that the control plane records it.
process.on('uncaughtException', (error) => {
  log.fatal({ err: error }, 'the machine process failed');
  void writeExit(spec.exitFile, { state: 'aborted', reason: error.message, at: new Date().toISOString() }).finally(() => process.exit(1));
});

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** A machine that boots, or one that came; undefined when none did. */
async function begin(): Promise<MachineProcess | undefined> {
  if (!spec.arrival) return MachineProcess.start(spec, log);
  const waiting = await WaitingMachine.open(spec, log);
  const cancel = (): void => void waiting.cancel();
  for (const signal of SIGNALS) process.on(signal, cancel);
  report({ ready: true });
  const arrived = await waiting.arrived();
  for (const signal of SIGNALS) process.off(signal, cancel);
  if ('machine' in arrived) return MachineProcess.welcome(spec, log, arrived);
  await writeExit(spec.exitFile, arrived);
  await waiting.end(arrived);
  return undefined;
}

try {
  const machine = await begin();
  if (!machine) process.exit(0);
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (machine.relays) return void machine.stopRelaying();
      log.info({ signal }, 'asked to end: saving the state');
      machine.saveState().catch((error: Error) => log.error({ err: error }, 'the state was not saved'));
    });
  }
  if (!spec.arrival) report({ ready: true });
  const { state } = await machine.untilEnded();
  process.exit(state === 'aborted' ? 1 : 0);
} catch (error) {
  const { code, message } = error instanceof ControlError ? error : { code: 'VBOX_E_VM_ERROR', message: (error as Error).message };
  log.error({ err: error }, 'the machine did not start');
  report({ error: { code, message } });
  process.exit(1);
}
