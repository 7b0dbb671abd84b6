/** Usage and help as text, read from a command's table. Pure. */
import { type AnyCommand, type Option, spellingsOf, wordsOf } from './command.js';

type AnyOption = Option<unknown, unknown>;

const COLUMN = 44;

/** `--vrde-port <port>`; with `letter` first where there is one. */
export const optionTitle = ({ name, letter, value }: AnyOption): string => `${letter ? `-${letter}, ` : ''}--${name}${value ? ` ${value.syntax}` : ''}`;

/** Older spellings of an option, each with its dashes. */
export const olderSpellings = (option: AnyOption): readonly string[] => spellingsOf(option).slice(1).map((spelling) => `--${spelling}`);

export const optionsOf = (command: AnyCommand): readonly AnyOption[] => (command.options ?? []) as unknown as readonly AnyOption[];

/** One line: the command and its words. */
export function usageLine(program: string, command: AnyCommand): string {
  const parts = [program, command.name, wordsOf(command), command.actions ? '<action> ...' : '', command.options?.length ? '[options]' : ''];
  return parts.filter(Boolean).join(' ');
}

const row = (title: string, help: string): string => (title.length < COLUMN - 2 ? `  ${title.padEnd(COLUMN - 2)}${help}` : `  ${title}\n${' '.repeat(COLUMN)}${help}`);

/** What `--help` prints. */
export function help(program: string, command: AnyCommand): string {
  const lines = [`Usage: ${usageLine(program, command)}`, '', `  ${command.summary}`];
  if (command.also?.length) lines.push('', `Older names: ${command.also.join(', ')}`);
  if (command.actions) {
    lines.push('', 'Actions:');
    for (const action of command.actions) lines.push(row([action.name, wordsOf(action)].filter(Boolean).join(' '), action.summary));
  }
  const options = optionsOf(command);
  if (options.length > 0) {
    lines.push('', 'Options:');
    for (const option of options) lines.push(row(optionTitle(option), option.help));
    if (options.some((option) => olderSpellings(option).length > 0)) {
      lines.push('', "An option's value is the next word or follows '='. Older spellings, such as those without hyphens, work too.");
    }
  }
  return `${lines.join('\n')}\n`;
}
