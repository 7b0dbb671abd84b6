/** Reads typed words by a command's table. Nothing is sent before all of them are known to be good. Pure. */
import { type AnyCommand, type Option, slotsOf, spellingsOf, UsageError, type Word, wordsOf } from './command.js';
import { BadValue, type ValueType, type Words } from './value.js';

type AnyOption = Option<unknown, unknown>;
type AnyWord = Word<unknown, unknown>;

/** A command, the request that the words make of it, and whether help was asked for instead. */
export interface Parsed {
  readonly command: AnyCommand;
  readonly request: unknown;
  readonly help: boolean;
}

/** Finds a command by any of its names, without regard to case. */
export const findCommand = <C extends { readonly name: string; readonly also?: readonly string[] }>(commands: readonly C[], name: string): C | undefined =>
  commands.find((command) => [command.name, ...(command.also ?? [])].some((known) => known.toLowerCase() === name.toLowerCase()));

const HELP = new Set(['--help', '-help', '-h', '-?']);

/** @throws UsageError that names the word at fault */
export function parse(command: AnyCommand, typed: readonly string[]): Parsed {
  const request = command.fresh() as unknown;
  if (HELP.has(typed[0] ?? '')) return { command, request, help: true };
  return command.actions ? parseAction(command, typed, request) : parseWords(command, command.name, typed, request);
}

/** `controlvm VM action ...`: the parent's words, the action's name, the action's own words. */
function parseAction(command: AnyCommand, typed: readonly string[], request: unknown): Parsed {
  const own = command.words?.length ?? 0;
  const name = typed[own];
  if (name !== undefined && HELP.has(name)) return { command, request, help: true };
  if (name === undefined) {
    const missing = command.words?.[typed.length];
    throw new UsageError(missing ? `'${command.name}' needs ${missing.value.syntax}` : `'${command.name}' needs an action`, command.name);
  }
  readWords(command, command.name, typed.slice(0, own), request);
  const [action, slot] = findAction(command.actions ?? [], name);
  const title = `${command.name} ${slot ? name.toLowerCase() : (action?.name ?? name)}`;
  if (action) {
    action.slot?.(request as never, slot);
    const { help } = parseWords(action, title, typed.slice(own + 1), request);
    return { command: actionOf(command, action), request, help };
  }
  const known = (command.unsupportedActions ?? []).flatMap((listed) => slotsOf(listed).map(([spelled]) => spelled));
  if (known.includes(name.toLowerCase())) throw new UsageError(`'${title}' is not supported by this version of Belvedere`, command.name);
  throw new UsageError(`unknown action '${name}' of '${command.name}'`, command.name);
}

/** An action by any of its names, and the slot that was named, or 0. */
function findAction(actions: readonly AnyCommand[], name: string): readonly [AnyCommand | undefined, number] {
  const numbered = actions.flatMap((action) => slotsOf(action.name).map(([spelled, slot]) => [spelled, action, slot] as const)).find(([spelled, , slot]) => slot > 0 && spelled === name.toLowerCase());
  return numbered ? [numbered[1], numbered[2]] : [findCommand(actions, name), 0];
}

/** An action as a command of its own, named as it is typed. */
export const actionOf = (command: AnyCommand, action: AnyCommand): AnyCommand => ({ ...action, name: [command.name, wordsOf(command), action.name].filter(Boolean).join(' ') });

function parseWords(command: AnyCommand, title: string, typed: readonly string[], request: unknown): Parsed {
  // A command without options takes its words as they are: a value may well begin with a dash, or be `-h`.
  const rest = command.options ? readOptions(command, title, typed, request) : typed.length === 1 && typed[0] === '--help' ? 'help' : typed;
  if (rest === 'help') return { command, request, help: true };
  readWords(command, title, rest, request);
  try {
    command.check?.(request as never);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(error.message, title) : error;
  }
  return { command, request, help: false };
}

/** @returns the words that are no options */
function readOptions(command: AnyCommand, title: string, typed: readonly string[], request: unknown): readonly string[] | 'help' {
  const options = indexOf(command);
  const rest: string[] = [];
  for (let at = 0; at < typed.length; at++) {
    const word = typed[at] as string;
    if (word === '--') return [...rest, ...typed.slice(at + 1)];
    if (HELP.has(word)) return 'help';
    if (!/^-./.test(word)) {
      rest.push(word);
      continue;
    }
    const [, dashes, name = '', joined] = /^(--?)([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    const known = options.get(name.length === 1 && dashes === '-' ? `-${name}` : name);
    if (known === undefined) throw new UsageError(`unknown option: ${word}`, title);
    if (known === 'unsupported') throw new UsageError(`option '${dashes}${name}' is not supported by this version of Belvedere; leave it out`, title);
    const { option, slot } = known;
    if (!option.value) {
      if (joined !== undefined) throw new UsageError(`option '${dashes}${name}' takes no value`, title);
      option.set(request, undefined, slot);
      continue;
    }
    let value: string | undefined = joined;
    const words: Words = {
      next(what) {
        const found = value ?? typed[++at];
        value = undefined;
        return found ?? missing(`option '${dashes}${name}' needs a value: ${what}`, title);
      },
    };
    option.set(request, read(option.value, words, `option '${dashes}${name}'`, title), slot);
  }
  return rest;
}

function readWords(command: AnyCommand, title: string, typed: readonly string[], request: unknown): void {
  const words = (command.words ?? []) as readonly AnyWord[];
  let at = 0;
  for (const { value, optional, repeats, set } of words) {
    if (at >= typed.length && !optional) missing(`'${title}' needs ${value.syntax}`, title);
    const end = repeats ? typed.length : Math.min(at + 1, typed.length);
    while (at < end) set(request, read(value, { next: () => typed[at++] ?? missing(`'${title}' needs ${value.syntax}`, title) }, title, title));
  }
  if (at < typed.length) throw new UsageError(`'${title}' takes no word '${typed[at]}'`, title);
}

function read(type: ValueType<unknown>, words: Words, name: string, title: string): unknown {
  try {
    return type.read(words);
  } catch (error) {
    if (error instanceof BadValue) throw new UsageError(`${name}: ${error.message}`, title);
    throw error;
  }
}

const missing = (message: string, title: string): never => {
  throw new UsageError(message, title);
};

type Known = { readonly option: AnyOption; readonly slot: number } | 'unsupported';

/** Every spelling of a command's options, a single letter with its dash. */
function indexOf(command: AnyCommand): ReadonlyMap<string, Known> {
  const index = new Map<string, Known>();
  for (const name of command.unsupported ?? []) {
    for (const spelling of spellingsOf({ name })) for (const [spelled] of slotsOf(spelling)) index.set(spelled, 'unsupported');
  }
  for (const option of (command.options ?? []) as readonly AnyOption[]) {
    if (option.letter) index.set(`-${option.letter}`, { option, slot: 0 });
    for (const spelling of spellingsOf(option)) for (const [spelled, slot] of slotsOf(spelling)) index.set(spelled, { option, slot });
  }
  return index;
}
