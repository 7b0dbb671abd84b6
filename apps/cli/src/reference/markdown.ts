/** The command reference as Markdown, read from the commands' tables. Pure but for loading them. */
import { commands as belvedereCommands } from '../belvedere/commands.js';
import { VIRTUALBOX } from '../edge/version.js';
import { headlessCommand } from '../headless/command.js';
import { loadAll } from '../manage/table.js';
import { actionOf } from '../table/parse.js';
import { type AnyCommand, spellingsOf } from '../table/command.js';
import { optionsOf, optionTitle, usageLine } from '../table/usage.js';

const INTRODUCTION = `# The commands

<!-- Made from the commands' own tables by \`pnpm --filter @belvedere/cli run reference\`: change those, not this file. -->

\`VBoxManage\`, \`VBoxHeadless\` and \`VBoxVRDP\` take the words that VirtualBox ${VIRTUALBOX} takes. A machine is named by its name or its UUID.
An option's value is the next word or follows \`=\`. One dash does for two, hyphens inside an option's name may be left out
(\`--vrdeport\`), and \`vrdp\` stands for \`vrde\`. Commands are found without regard to case. What is wrong ends with exit code 1 and
changes nothing; options and commands of VirtualBox that this version does not have are refused by name.
`;

const code = (text: string): string => `\`${text.replace(/\|/g, '\\|')}\``;
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

function section(program: string, command: AnyCommand): string {
  const lines = [`### ${command.name || program}`, '', `${command.summary}.`, '', '```', usageLine(program, command), '```'];
  if (command.also?.length) lines.push('', `Older names: ${command.also.map((name) => `\`${name}\``).join(', ')}.`);
  if (command.actions) {
    lines.push('', '| action | |', '| --- | --- |');
    for (const action of command.actions) lines.push(`| ${code(usageLine('', { ...actionOf(command, action), name: action.name }).trim())} | ${action.summary} |`);
  }
  for (const action of [command, ...(command.actions ?? [])]) lines.push(...optionTable(action, action === command ? '' : action.name));
  return `${lines.join('\n')}\n`;
}

/** @param of the action whose options these are; empty: the command itself */
function optionTable(command: AnyCommand, of: string): string[] {
  const lines: string[] = [];
  const options = optionsOf(command);
  if (options.length > 0) {
    const older = ({ name, also = [] }: (typeof options)[number]): string => also.filter((spelling) => !spellingsOf({ name }).includes(spelling)).map((spelling) => ` (also \`--${spelling}\`)`).join('');
    lines.push('', `| option${of && ` of ${of}`} | |`, '| --- | --- |');
    for (const option of options) lines.push(`| ${code(optionTitle(option))} | ${capital(option.help)}${older(option)} |`);
  }
  return lines;
}

export async function commandReference(): Promise<string> {
  const headless = headlessCommand('VBoxHeadless', 'config', () => Promise.resolve());
  return [
    INTRODUCTION,
    '## VBoxManage\n',
    ...(await loadAll()).map((command) => section('VBoxManage', command)),
    '## VBoxHeadless and VBoxVRDP\n',
    'The machine runs until it powers off or the command is interrupted, which powers it off. VBoxVRDP is the older name: its remote display is on unless `--vrde` says otherwise.\n',
    section('VBoxHeadless', { ...headless, name: '' }),
    '## belvedere\n',
    ...belvedereCommands.map((command) => section('belvedere', command)),
  ].join('\n');
}
