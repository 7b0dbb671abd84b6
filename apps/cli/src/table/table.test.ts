/** Every table of every program, held to the rules of the language. */
import { describe, expect, test } from '@jest/globals';
import { commands as belvedereCommands } from '../belvedere/commands.js';
import { headlessCommand } from '../headless/command.js';
import { entries, loadAll, unsupported } from '../manage/table.js';
import { type AnyCommand, command, option, type Option, slotsOf, spellingsOf, UsageError, word, type Word } from './command.js';
import { findCommand, parse } from './parse.js';
import { help, olderSpellings, optionsOf, optionTitle } from './usage.js';
import { onOff, text, whole } from './value.js';

const manageCommands = await loadAll();
const all: readonly AnyCommand[] = [...manageCommands, ...belvedereCommands, headlessCommand('VBoxHeadless', 'config', async () => {})];

type AnyWord = Word<unknown, unknown>;
const exampleWords = ({ words = [] }: AnyCommand): string[] => (words as readonly AnyWord[]).flatMap(({ value }) => value.example);

/** A command as it is typed up to its options: parent's words, action's name, its own words. */
interface Typed {
  readonly name: string;
  readonly root: AnyCommand;
  readonly command: AnyCommand;
  readonly before: readonly string[];
}
const typed: readonly Typed[] = all.flatMap((root) =>
  root.actions
    ? root.actions.flatMap((action) => slotsOf(action.name).map(([spelled]) => ({ name: `${root.name} ${spelled}`, root, command: action, before: [...exampleWords(root), spelled] })))
    : [{ name: root.name, root, command: root, before: [] }],
);
const options = typed.flatMap(({ name, root, command, before }) =>
  optionsOf(command).flatMap((option) => slotsOf(option.name).map(([spelled, slot]) => ({ title: `${name} --${spelled}`, root, before, words: exampleWords(command), option, slot }))),
);

/** What the table makes of the words, whether or not more is needed. */
function requestOf(root: AnyCommand, words: readonly string[]): unknown {
  const unchecked = { ...root, check: undefined, ...(root.actions ? { actions: root.actions.map((action) => ({ ...action, check: undefined })) } : {}) };
  return parse(unchecked as unknown as AnyCommand, words).request;
}

/** A request as plain values, maps too. */
const plain = (request: unknown): unknown => JSON.parse(JSON.stringify(request, (_, value: unknown) => (value instanceof Map ? [...(value as Map<unknown, unknown>)] : value)));

describe.each(typed)('$name', ({ root, command, before }) => {
  test('shows help, with every option', () => {
    const parsed = parse(root, [...before, '--help']);
    expect(parsed.help).toBe(true);
    const shown = help('PROGRAM', parsed.command);
    expect(shown).toContain(command.summary);
    for (const option of optionsOf(command)) expect(shown).toContain(optionTitle(option));
  });

  test('refuses a word too many, and an option that nobody has', () => {
    const words = [...before, ...exampleWords(command)];
    const last = (command.words as readonly AnyWord[] | undefined)?.at(-1);
    if (!last?.repeats) expect(() => requestOf(root, [...words, 'toomany'])).toThrow("takes no word 'toomany'");
    if (command.options) expect(() => requestOf(root, [...words, '--no-such-option'])).toThrow('unknown option: --no-such-option');
  });

  test('refuses words that are missing', () => {
    const required = ((command.words ?? []) as readonly AnyWord[]).filter(({ optional }) => !optional);
    for (let have = 0; have < required.length; have++) {
      const words = required.slice(0, have).flatMap(({ value }) => value.example);
      expect(() => requestOf(root, [...before, ...words])).toThrow(`needs ${required[have]!.value.syntax}`);
    }
  });

  test("refuses VirtualBox's other options by name", () => {
    const known = new Set(optionsOf(command).flatMap((option) => spellingsOf(option).flatMap((spelling) => slotsOf(spelling).map(([spelled]) => spelled))));
    for (const name of (command.unsupported ?? []).flatMap((listed) => slotsOf(listed).map(([spelled]) => spelled))) {
      expect(known).not.toContain(name);
      expect(() => requestOf(root, [...before, ...exampleWords(command), `--${name}`, 'x'])).toThrow(`option '--${name}' is not supported by this version of Belvedere; leave it out`);
    }
  });
});

describe.each(options)('$title', ({ root, before, words, option, slot }) => {
  const [name] = slotsOf(option.name).find(([, candidate]) => candidate === slot)!;
  const values = option.value?.example ?? [];
  const make = (...last: readonly string[]): unknown => plain(requestOf(root, [...before, ...words, ...last]));
  const expected = make(`--${name}`, ...values);

  test('changes the request', () => {
    // These ask for what is the default anyway.
    if (!['details', 'live', 'pause'].includes(option.name)) expect(expected).not.toEqual(make());
  });

  test('means the same in every spelling', () => {
    const spellings = spellingsOf(option).map((spelling) => slotsOf(spelling).find(([, candidate]) => candidate === slot)![0]);
    for (const spelling of spellings) {
      expect(make(`--${spelling}`, ...values)).toEqual(expected);
      expect(make(`-${spelling}`, ...values)).toEqual(expected);
      if (values.length > 0) expect(make(`--${spelling}=${values[0]}`, ...values.slice(1))).toEqual(expected);
    }
    if (option.letter) expect(make(`-${option.letter}`, ...values)).toEqual(expected);
    expect(olderSpellings(option)).not.toContain(`--${option.name}`);
  });

  test('may stand before the words', () => {
    expect(plain(requestOf(root, [...before, `--${name}`, ...values, ...words]))).toEqual(expected);
  });

  test('takes a value, or none, as it says', () => {
    if (!option.value) return void expect(() => make(`--${name}=x`)).toThrow(`option '--${name}' takes no value`);
    expect(() => make(`--${name}`)).toThrow(`option '--${name}' needs a value`);
    if (!option.value.free) {
      for (const wrong of ['~nonsense~', '']) expect(() => make(`--${name}`, wrong)).toThrow(UsageError);
    }
  });
});

describe('names', () => {
  test('of commands and actions are found without regard to case, older ones too', () => {
    for (const commands of [manageCommands, ...manageCommands.map(({ actions = [] }) => actions)]) {
      for (const command of commands) {
        for (const name of [command.name, ...(command.also ?? [])]) {
          expect(findCommand(commands, name.toUpperCase())).toBe(command);
        }
      }
    }
  });

  test('in the light table are those of the commands', async () => {
    for (const { name, also, load } of entries) {
      const command = await load();
      expect([name, also ?? []]).toEqual([command.name, command.also ?? []]);
    }
  });

  test("of VirtualBox's other commands and actions are refused as not supported", () => {
    for (const name of unsupported) expect(findCommand(manageCommands, name)).toBeUndefined();
    for (const command of manageCommands.filter(({ actions }) => actions)) {
      for (const name of (command.unsupportedActions ?? []).flatMap((listed) => slotsOf(listed).map(([spelled]) => spelled))) {
        expect(() => parse(command, [...exampleWords(command), name])).toThrow('is not supported by this version of Belvedere');
      }
    }
  });
});

describe('the language', () => {
  interface Request {
    words: string[];
    on?: boolean;
    count?: number;
  }
  const words = [word({ value: text('word'), optional: true, repeats: true, set: ({ words }: Request, typed) => void words.push(typed) })];
  const fresh = (): Request => ({ words: [] });
  const run = async (): Promise<void> => {};
  const flags: Option<Request>[] = [
    option({ name: 'on', value: onOff, help: '', set: (request: Request, on) => (request.on = on) }),
    option({ name: 'count', value: whole('count', 1, 10), help: '', set: (request: Request, count) => (request.count = count) }),
  ];
  const withOptions = command<Request>({ name: 'c', summary: '', fresh, words, options: flags, run });
  const without = command<Request>({ name: 'c', summary: '', fresh, words, run });

  test('words and options mix, and -- ends the options', () => {
    expect(parse(withOptions, ['a', '--on', 'off', '-', '--count=3', '--', '--on']).request).toEqual({ words: ['a', '-', '--on'], on: false, count: 3 });
  });

  test('a command without options takes words that look like some', () => {
    expect(parse(without, ['a', '--on', '-1']).request).toEqual({ words: ['a', '--on', '-1'] });
  });

  test('numbers are whole, in bounds, decimal or hexadecimal', () => {
    expect(parse(withOptions, ['--count', '0xa']).request).toMatchObject({ count: 10 });
    for (const wrong of ['0', '11', '-1', '1.5', '1e1', ' 1', '']) expect(() => parse(withOptions, ['--count', wrong])).toThrow(`option '--count': must be a whole number from 1 to 10, not '${wrong}'`);
  });
});
