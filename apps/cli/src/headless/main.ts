/** VBoxHeadless and VBoxVRDP: a machine in the foreground until it powers off. */
import { openClient } from '../edge/context.js';
import { openOutput, type Output } from '../edge/output.js';
import { BELVEDERE, VIRTUALBOX, VIRTUALBOX_REVISION } from '../edge/version.js';
import { parse } from '../table/parse.js';
import { help } from '../table/usage.js';
import { headlessCommand, type Request } from './command.js';
import { follow, type OnStop } from './follow.js';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const onSignals: OnStop = (listener) => {
  for (const signal of STOP_SIGNALS) process.on(signal, listener);
  return () => STOP_SIGNALS.forEach((signal) => process.off(signal, listener));
};

export interface Edges {
  readonly output?: Output;
  readonly open?: typeof openClient;
  readonly onStop?: OnStop;
}

/**
 * @param program VBoxHeadless, or VBoxVRDP whose remote display is on unless something else is said
 * @returns the exit code
 */
export async function headless(program: 'VBoxHeadless' | 'VBoxVRDP', words: readonly string[], { output = openOutput(), open = openClient, onStop = onSignals }: Edges = {}): Promise<number> {
  try {
    const command = headlessCommand(program, program === 'VBoxVRDP' ? 'on' : 'config', run);
    if (words.length === 1 && /^(--?version|-V)$/.test(words[0] ?? '')) {
      output.line(`${VIRTUALBOX}${VIRTUALBOX_REVISION}`);
      return 0;
    }
    const parsed = parse(command, words);
    if (parsed.help) output.write(help(program, { ...command, name: '' }));
    else await command.run(parsed.request as never, undefined as never);
    return 0;
  } catch (error) {
    return (await import('../edge/report.js')).report(error, program, output);
  }

  async function run({ ref = '', ...start }: Request): Promise<void> {
    output.line(`Belvedere Headless Interface ${BELVEDERE}`);
    output.line('(C) 2026 The Belvedere authors\n');
    const { problem } = await follow(open(), ref, start, output, onStop);
    if (problem !== undefined) throw new Error(`machine '${ref}': ${problem}`);
  }
}
