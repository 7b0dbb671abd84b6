/** `belvedere`: the API of this host from the command line. */
import { openClient } from '../edge/context.js';
import { openOutput, type Output } from '../edge/output.js';
import { BELVEDERE } from '../edge/version.js';
import { UsageError } from '../table/command.js';
import { findCommand, parse } from '../table/parse.js';
import { help } from '../table/usage.js';
import { commands } from './commands.js';

const PROGRAM = 'belvedere';

/** @returns the exit code */
export async function belvedere(words: readonly string[], output: Output = openOutput(), open = openClient): Promise<number> {
  try {
    const [name, ...rest] = words;
    if (name === undefined) {
      output.writeNote(overview());
      return 1;
    }
    if (name === '--version' || name === '-v') output.line(BELVEDERE);
    else if (/^(help|--?help|-h)$/.test(name)) output.write(rest[0] === undefined ? overview() : help(PROGRAM, find(rest[0])));
    else await run(name, rest);
    return 0;
  } catch (error) {
    return (await import('../edge/report.js')).report(error, PROGRAM, output);
  }

  async function run(name: string, rest: readonly string[]): Promise<void> {
    const { command, request, help: wanted } = parse(find(name), rest);
    if (wanted) return output.write(help(PROGRAM, command));
    // Machines can be powered off only by an API; one that is merely to stop need not be started for that.
    const start = name !== 'shutdown' || (request as { machines?: string }).machines === 'powerOff';
    await command.run(request as never, { client: open(process.env, { start }), output });
  }
}

function find(name: string): ReturnType<typeof findCommand<(typeof commands)[number]>> & object {
  const command = findCommand(commands, name);
  if (!command) throw new UsageError(`${name.startsWith('-') ? 'unknown option' : 'unknown command'}: ${name}`);
  return command;
}

const overview = (): string =>
  [
    `Belvedere ${BELVEDERE}`,
    '',
    ...['Usage:', `  ${PROGRAM} <command> [options]`, `  ${PROGRAM} help <command>`, `  ${PROGRAM} --version`, ''],
    ...commands.map((command) => `  ${command.name.padEnd(12)}${command.summary}`),
    '',
    'Machines are managed with VBoxManage and VBoxHeadless.',
    '',
  ].join('\n');
