/**
 * The language that commands are written in: words, options with their older spellings, value types, effect.
 * Parsing, help, errors, the command reference and the tests are read from these tables. Pure.
 */
import type { Context } from '../edge/context.js';
import type { ValueType } from './value.js';

export interface Option<R, V = never> {
  /** Without dashes. `boot<1-4>` stands for `boot1` to `boot4`. */
  readonly name: string;
  /** Older spellings. Those without the hyphens inside, and `vrdp` for `vrde`, need no mention. */
  readonly also?: readonly string[];
  /** One letter, as in `-l`. */
  readonly letter?: string;
  /** Absent: a flag that takes no value. */
  readonly value?: ValueType<V>;
  readonly help: string;
  /** @param slot the number in a numbered option's name, otherwise 0 */
  set(request: R, value: V, slot: number): void;
}

export interface Word<R, V = never> {
  readonly value: ValueType<V>;
  readonly optional?: boolean;
  /** The last word may come again and again. */
  readonly repeats?: boolean;
  set(request: R, value: V): void;
}

export interface Command<R = never> {
  readonly name: string;
  /** Older names. */
  readonly also?: readonly string[];
  readonly summary: string;
  readonly words?: readonly Word<R>[];
  readonly options?: readonly Option<R>[];
  /** VirtualBox's options that this version does not have: refused by name. */
  readonly unsupported?: readonly string[];
  /** What can be done, named by the word after `words`; `controlvm VM pause`. Each makes the same request as its parent. */
  readonly actions?: readonly Command<R>[];
  /** VirtualBox's actions that this version does not have. */
  readonly unsupportedActions?: readonly string[];
  /** An action whose name has a slot, such as `natpf<1-8>`, is told which was named. */
  slot?(request: R, slot: number): void;
  /** A request before any word or option. */
  fresh(): R;
  /** What only shows when all words and options are known. @throws UsageError */
  check?(request: R): void;
  run(request: R, context: Context): Promise<void>;
}

/** Ties an option's value type to its effect. */
export const option = <R, V>(value: Option<R, V>): Option<R> => value as unknown as Option<R>;
export const word = <R, V>(value: Word<R, V>): Word<R> => value as unknown as Word<R>;

/** A command whose request type no longer matters to its caller. */
export type AnyCommand = Command;
export const command = <R>(value: Command<R>): AnyCommand => value as unknown as AnyCommand;

/** A command's words as usage shows them, such as `<uuid|vmname> [<value>]`. */
export const wordsOf = ({ words = [] }: AnyCommand): string =>
  (words as readonly Word<unknown, unknown>[])
    .map(({ value, optional, repeats }) => {
      const shown = repeats ? `${value.syntax}...` : value.syntax;
      return optional ? `[${shown}]` : shown;
    })
    .join(' ');

/** What was typed is not in the table's language. The text says what to type instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  constructor(
    message: string,
    /** The command whose help explains more. */
    readonly command?: string,
  ) {
    super(message);
  }
}

/** All slots of a name: `boot<1-4>` gives boot1/1 to boot4/4, other names themselves/0. */
export function slotsOf(name: string): readonly (readonly [name: string, slot: number])[] {
  const numbered = /^(.*)<(\d+)-(\d+)>$/.exec(name);
  if (!numbered) return [[name, 0]];
  const [, stem, first, last] = numbered;
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => [`${stem}${Number(first) + i}`, Number(first) + i] as const);
}

/** Every way in which VirtualBox's versions spelled an option, the newest first. */
export function spellingsOf({ name, also = [] }: { readonly name: string; readonly also?: readonly string[] }): readonly string[] {
  const spellings = new Set<string>([name, ...also]);
  for (const spelling of [...spellings]) spellings.add(spelling.replace(/-(?!\d+>)/g, ''));
  for (const spelling of [...spellings]) if (spelling.startsWith('vrde')) spellings.add(spelling.replace('vrde', 'vrdp'));
  return [...spellings];
}
