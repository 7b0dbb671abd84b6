/** The types of the values that options and words take: how they are written, read and refused. Pure. */
import { resolve } from 'node:path';

/** The words that follow an option. */
export interface Words {
  /** @throws when none is left; `what` says what is missing */
  next(what: string): string;
}

export interface ValueType<V> {
  /** As usage shows it, such as `on|off`. */
  readonly syntax: string;
  /** Words that it takes, for the command reference and the tests. */
  readonly example: readonly string[];
  /** Any word is a value. */
  readonly free?: true;
  /** @throws BadValue */
  read(words: Words): V;
}

/** A word that is no value of its type. The text ends a sentence that begins with the option: `must be on or off, not 'maybe'`. */
export class BadValue extends Error {
  override readonly name = 'BadValue';
}

const bad = (expected: string, found: string): never => {
  throw new BadValue(`must be ${expected}, not '${found}'`);
};
const oneOf = (words: readonly string[]): string => (words.length > 1 ? `${words.slice(0, -1).join(', ')} or ${words.at(-1)}` : String(words[0]));

const single = <V>(syntax: string, example: string, read: (word: string) => V): ValueType<V> => ({
  syntax,
  example: [example],
  read: (words) => read(words.next(syntax)),
});

export const onOff: ValueType<boolean> = single('on|off', 'on', (word) => (word === 'on' ? true : word === 'off' ? false : bad('on or off', word)));

export const text = (name: string, example = 'text'): ValueType<string> => ({ ...single(`<${name}>`, example, (word) => word), free: true });

/** Text that must not be empty. */
export const named = (name: string, example: string): ValueType<string> => ({
  ...single(`<${name}>`, example, (word) => word || bad(`a ${name}`, word)),
  free: true,
});

/** A path, made absolute from where the command was typed: the API's own folder is another. */
export const path = (name = 'filename', example = 'disk.vdi'): ValueType<string> => ({
  ...single(`<${name}>`, example, (word) => (word ? resolve(word) : bad('a path', word))),
  free: true,
});

/** A whole number, decimal or hexadecimal with `0x`, bounds included. */
export const whole = (name: string, min: number, max: number, example = String(min)): ValueType<number> =>
  single(`<${name}>`, example, (word) => {
    const value = /^(\d+|0x[0-9a-f]+)$/i.test(word) ? Number(word) : Number.NaN;
    const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
    return value >= min && value <= max ? value : bad(`a whole number ${range}`, word);
  });

/** One of a few words, found without regard to case. */
export const choice = <const W extends string>(words: readonly W[], unsupported: readonly string[] = []): ValueType<W> =>
  single(words.join('|'), words[0] as string, (word) => {
    const found = words.find((known) => known.toLowerCase() === word.toLowerCase());
    if (found !== undefined) return found;
    if (unsupported.some((known) => known.toLowerCase() === word.toLowerCase())) {
      throw new BadValue(`'${word}' is not supported by this version of Belvedere; use ${oneOf(words)}`);
    }
    return bad(oneOf(words), word);
  });

/** Some of a few words with commas between, found without regard to case. */
export const listOf = <const W extends string>(words: readonly W[], unsupported: readonly string[] = []): ValueType<readonly W[]> => {
  const one = choice(words, unsupported);
  return { syntax: `${words.join('|')}[,...]`, example: [words[0] as string], read: (given) => given.next(one.syntax).split(',').map((part) => one.read({ next: () => part })) };
};

const UUID = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;
export const isUuid = (word: string): boolean => UUID.test(word);
/** Lower case, without the braces that some scripts keep. */
export const uuid: ValueType<string> = single('<uuid>', '11111111-2222-3333-4444-555555555555', (word) =>
  (UUID.exec(word)?.[1] ?? bad('a UUID such as 11111111-2222-3333-4444-555555555555', word)).toLowerCase(),
);

/** A machine by name or UUID. */
export const machine: ValueType<string> = {
  ...single('<uuid|vmname>', 'Windows XP', (word) => (word ? (UUID.exec(word)?.[1] ?? word) : bad('a machine by name or UUID', word))),
  free: true,
};

/** Ports and ranges such as `5000,5010-5012`; `default` and `0` are VirtualBox's words for 3389. */
export const ports: ValueType<string> = single('<port[,port-port...]>|default', '5000,5010-5012', (word) => {
  if (word === 'default' || word === '0') return 'default';
  const good = word.split(',').every((range) => {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range) ?? [];
    return Number(first) >= 1 && Number(first) <= Number(last) && Number(last) <= 65535;
  });
  return good ? word : bad('ports from 1 to 65535 such as 3389 or 5000,5010-5012', word);
});

/** VRDE properties that name a file, in lower case. */
const FILES = ['security/servercertificate', 'security/serverprivatekey', 'security/cacertificate'];

/** `NAME=VALUE`, or `NAME=` to unset it. Files are made absolute from where the command was typed. */
export const property: ValueType<readonly [name: string, value: string | null]> = single('<name=[value]>', 'Security/Method=tls', (word) => {
  const at = word.indexOf('=');
  const [name, value] = [word.slice(0, at), word.slice(at + 1)];
  return at > 0 ? [name, value && FILES.includes(name.toLowerCase()) ? resolve(value) : value || null] : bad("written NAME=VALUE, or NAME= to unset it", word);
});

/** An authentication library: a name, or the path of a module, made absolute from where the command was typed. */
export const library: ValueType<string> = {
  ...single('default|VBoxAuth|VBoxAuthSimple|<path>', 'VBoxAuthSimple', (word) => (/[\\/]/.test(word) ? resolve(word) : word || bad('the name or the path of a library', word))),
  free: true,
};

/** Twelve hexadecimal digits, colons allowed between them, or `auto`. */
export const mac: ValueType<string> = single('auto|<mac>', '080027A1B2C3', (word) => {
  const digits = word.replace(/[:-]/g, '').toUpperCase();
  return word === 'auto' ? 'auto' : /^[0-9A-F]{12}$/.test(digits) ? digits : bad('auto or twelve hexadecimal digits', word);
});

/** A rule that forwards a port of the host to the guest as VirtualBox writes it, or `delete` and a name. */
export interface ForwardChange {
  readonly name: string;
  readonly rule: { readonly protocol: 'tcp' | 'udp'; readonly hostAddress: string; readonly hostPort: number; readonly guestAddress: string; readonly guestPort: number } | null;
}

const portOf = (what: string, word: string): number => (/^\d{1,5}$/.test(word) && Number(word) >= 1 && Number(word) <= 65535 ? Number(word) : bad(`a rule whose ${what} port is from 1 to 65535`, word));

export const forwardChange: ValueType<ForwardChange> = {
  syntax: '[<name>],tcp|udp,[<hostip>],<hostport>,[<guestip>],<guestport>|delete <name>',
  example: ['ssh,tcp,127.0.0.1,2222,,22'],
  read(words) {
    const word = words.next('a rule such as ssh,tcp,127.0.0.1,2222,,22, or delete and the name of one');
    if (word.toLowerCase() === 'delete') return { name: words.next('the name of the rule to delete'), rule: null };
    const parts = word.split(',').map((part) => part.trim());
    const [name = '', protocol = '', hostAddress = '', hostPort = '', guestAddress = '', guestPort = ''] = parts;
    if (parts.length !== 6) return bad("six parts such as ssh,tcp,127.0.0.1,2222,,22 (name, protocol, host's address and port, guest's address and port)", word);
    return { name, rule: { protocol: choice(['tcp', 'udp']).read({ next: () => protocol }), hostAddress, hostPort: portOf("host's", hostPort), guestAddress, guestPort: portOf("guest's", guestPort) } };
  },
};

/** A network card's type: which of them there are is the engine's to say. */
export const cardType: ValueType<string> = { ...single('NE2000|virtio|<type>', 'NE2000', (word) => word || bad('the type of a card', word)), free: true };

/** One byte as two hexadecimal digits, as scancodes are written. */
export const hexByte: ValueType<number> = single('<hex>', '1c', (word) => (/^[0-9a-f]{1,2}$/i.test(word) ? parseInt(word, 16) : bad('a byte of one or two hexadecimal digits', word)));
