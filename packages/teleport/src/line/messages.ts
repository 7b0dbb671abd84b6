/** What stands in the stream's small sections. Versions 1 and 2. Pure. */
import { bytes, decode, encode, pdu, u16le, u32le, u64le, u8, type Codec } from '@belvedere/wire';
import { MAGIC } from './sections.js';

export const ID_BYTES = 16;

/** First in both directions; the target answers with one version, min = max. */
export const HELLO = pdu('HELLO', 'version 1', { magic: bytes(MAGIC.length), min: u16le, max: u16le });
/** `milliseconds` that the step took at the target. */
export const TOOK = pdu('TOOK', 'version 1', { milliseconds: u32le });
export const EARLY_END = pdu('EARLY_END', 'version 1', { length: u32le });
export const STATE_SIZE = pdu('STATE_SIZE', 'version 1', { length: u32le });
/** `left`: pages that have changed meanwhile. */
export const ROUND = pdu('ROUND', 'version 1', { round: u32le, left: u32le });
/** `pages` of memory that the guest stood still with. */
export const DONE = pdu('DONE', 'version 1', { pages: u32le });

/** Of the target's clock. */
export const CLOCK = pdu('CLOCK', 'version 2', { microseconds: u64le });
/** `at`: what the target's clock shows now, `behind`: for how long the guest has stood still, and what it had to make up for; microseconds. */
export const PAUSED = pdu('PAUSED', 'version 2', { at: u64le, behind: u32le });

/** What a source that lost its line says on a new one. */
export const Question = { /** does it run there? */ doesItRun: 0, /** may it run here? */ takeBack: 1, /** it runs here */ isBack: 2, /** known that it runs there */ farewell: 3 } as const;
export type QuestionName = keyof typeof Question;
export const Answer = { source: 0, target: 1, unknown: 2 } as const;
export type AnswerName = keyof typeof Answer;

export const ASK = pdu('ASK', 'version 1', { id: bytes(ID_BYTES), question: u8 });
export const ANSWER = pdu('ANSWER', 'version 1', { answer: u8 });

export const nameOf = <Names extends Readonly<Record<string, number>>>(names: Names, value: number): keyof Names | undefined =>
  Object.keys(names).find((name) => names[name] === value);

export const put = <T>(codec: Codec<T>, value: T): Uint8Array => encode(codec, value);
export const get = <T>(codec: Codec<T>, contents: Uint8Array): T => decode(codec, contents);

export const milliseconds = (value: number): number => Math.min(0xffffffff, Math.max(0, Math.round(value)));

const MOST = { u32: 0xffffffff, u64: Number.MAX_SAFE_INTEGER } as const;

/** Milliseconds as microseconds that fit. */
export const microseconds = (value: number, size: keyof typeof MOST): number => Math.min(MOST[size], Math.max(0, Math.round(1000 * value)));

/** JSON in a section. @throws SyntaxError when it is none */
export const parseJson = (contents: Uint8Array): unknown => JSON.parse(Buffer.from(contents).toString('utf8'));
