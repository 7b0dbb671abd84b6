/** VBoxManage: finds the command, reads its words, runs it. */
import { openClient } from '../edge/context.js';
import { openOutput, type Output } from '../edge/output.js';
import { BELVEDERE, VIRTUALBOX, VIRTUALBOX_REVISION } from '../edge/version.js';
import { UsageError } from '../table/command.js';
import { actionOf, findCommand, parse } from '../table/parse.js';
import { entries, loadAll, unsupported } from './table.js';

const PROGRAM = 'VBoxManage';
const VERSION = new Set(['--version', '-version', '-v', '-V']);
const HELP = new Set(['help', '--help', '-help', '-h', '-?']);
/** Options before the command that change nothing: no banner is printed anyway. */
const QUIET = new Set(['-q', '--nologo', '-nologo']);

/** @returns the exit code */
export async function manage(words: readonly string[], output: Output = openOutput(), open = openClient): Promise<number> {
  try {
    const [name, ...rest] = words.slice(words.findIndex((word) => !QUIET.has(word)));
    if (name === undefined || QUIET.has(name)) {
      output.writeNote(await overview());
      return 1;
    }
    if (VERSION.has(name)) output.line(`${VIRTUALBOX}${VIRTUALBOX_REVISION}`);
    else if (HELP.has(name)) await printHelp(rest, output);
    else await runCommand(name, rest, output, open);
    return 0;
  } catch (error) {
    return (await import('../edge/report.js')).report(error, PROGRAM, output);
  }
}

async function runCommand(name: string, words: readonly string[], output: Output, open: typeof openClient): Promise<void> {
  const parsed = parse(await load(name), words);
  if (parsed.help) return void output.write((await import('../table/usage.js')).help(PROGRAM, parsed.command));
  await parsed.command.run(parsed.request as never, { client: open(), output });
}

async function load(name: string): ReturnType<(typeof entries)[number]['load']> {
  const entry = findCommand(entries, name);
  if (entry) return entry.load();
  if (unsupported.includes(name.toLowerCase())) throw new UsageError(`command '${name}' is not supported by this version of Belvedere`);
  throw new UsageError(name.startsWith('-') ? `unknown option: ${name}` : `unknown command: ${name}`);
}

/** `help`, `help COMMAND`, `help controlvm pause`. */
async function printHelp([name, actionName]: readonly string[], output: Output): Promise<void> {
  if (name === undefined) return output.write(await overview());
  const { help } = await import('../table/usage.js');
  const command = await load(name);
  const action = actionName === undefined ? undefined : findCommand(command.actions ?? [], actionName);
  output.write(help(PROGRAM, action ? actionOf(command, action) : command));
}

async function overview(): Promise<string> {
  const { usageLine } = await import('../table/usage.js');
  const commands = await loadAll();
  const lines = commands.map((command) => `  ${command.name.padEnd(18)}${command.summary}`);
  return [
    `Belvedere ${BELVEDERE}: the commands of VirtualBox ${VIRTUALBOX}`,
    '',
    ...['Usage:', `  ${PROGRAM} <command> ...`, `  ${PROGRAM} help <command>`, `  ${PROGRAM} --version`, ''],
    ...lines,
    '',
    `Example: ${usageLine(PROGRAM, commands[0]!)}`,
    '',
  ].join('\n');
}
