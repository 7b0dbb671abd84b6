/** What a source says after its proof, as bytes, and a target that is told them without TLS. For tests. */
import { Duplex, PassThrough } from 'node:stream';
import { monotonicClock } from '../clock.js';
import { encode } from '@belvedere/wire';
import { LIMITS } from '../limits.js';
import { Line } from '../line/line.js';
import { DONE, EARLY_END, PAUSED, ROUND, STATE_SIZE } from '../line/messages.js';
import { frameHeader, type SectionName } from '../line/sections.js';
import { encodeRuns } from '../memory/pages.js';
import { asItIs, squeeze } from '../memory/squeeze.js';
import { PAGE_SIZE } from '../ports.js';
import { Move, type MoveOutcome } from '../target.js';
import { describe, FakeDestination, FakeDisks, Stage, storage } from './fake-machine.js';

export const PAGES = 8;
const frame = (name: SectionName, contents: Uint8Array = new Uint8Array(0)): Buffer => Buffer.concat([frameHeader(name, contents.length), contents]);
const page = (value: number): Uint8Array => Uint8Array.from({ length: PAGE_SIZE }, (_, index) => (index % 64 === 0 ? value : 0));

/** A whole move by this version of the stream: every section that a source sends, compressed and not. */
export async function written(version: number): Promise<Buffer> {
  const state = (value: number): Uint8Array => new Uint8Array(6000).fill(value, 5000);
  return Buffer.concat([
    frame('describe', Buffer.from(JSON.stringify({ id: '0123456789abcdef0123456789abcdef', description: describe(PAGES), tokens: [] }))),
    frame('early-state', await squeeze(state(1))),
    frame('early-end', encode(EARLY_END, { length: 6000 })),
    ...(version > 1 ? [frame('clock')] : []),
    frame('memory', asItIs(encodeRuns([{ kind: 'data', first: 0, data: Buffer.concat([page(1), page(2)]) }, { kind: 'copy', first: 4, count: 2, from: 0 }]))),
    frame('round', encode(ROUND, { round: 1, left: 2 })),
    frame('memory', await squeeze(encodeRuns([{ kind: 'zero', first: 1, count: 1 }, { kind: 'data', first: 7, data: page(3) }]))),
    frame('round', encode(ROUND, { round: 2, left: 1 })),
    version > 1 ? frame('paused', encode(PAUSED, { at: 0n, behind: 123_456 })) : frame('paused'),
    frame('memory', asItIs(encodeRuns([{ kind: 'data', first: 2, data: page(4) }]))),
    frame('state-size', encode(STATE_SIZE, { length: 6000 })),
    frame('state', await squeeze(encodeRuns([{ kind: 'data', first: 1, data: Buffer.concat([state(2).subarray(PAGE_SIZE), Buffer.alloc(2 * PAGE_SIZE - 6000)]) }]))),
    frame('done', encode(DONE, { pages: 1 })),
    frame('go'),
    frame('bye'),
  ]);
}

/** Tells a target these bytes of this version, then closes. */
export async function tell(stream: Uint8Array, version: number): Promise<{ outcome: MoveOutcome; destination: FakeDestination; stage: Stage }> {
  const stage = new Stage();
  stage.holder = undefined;
  const destination = new FakeDestination(stage);
  const heard = new PassThrough();
  heard.resume();
  const line = new Line(Duplex.from({ readable: Duplex.from(chunks(stream)), writable: heard }), 5000);
  line.version = version;
  const nothing = { putTokens: () => Promise.resolve({ tokens: [], secrets: {} }), removeTokens: () => Promise.resolve(), readTokens: () => Promise.resolve({}), record: () => undefined };
  const limits = { ...LIMITS, memory: 1 << 20, state: 1 << 20, retry: 1, triesBeforeKeeping: 1, tries: 2, handOver: 5000 };
  const options = { destination, storage: storage(new FakeDisks(stage, 'target'), nothing), description: describe(PAGES) };
  const move = new Move(line, options, limits, monotonicClock, { runs: () => {}, sourceKnows: () => {} });
  try {
    const first = await line.receive();
    const outcome = await move.run(first);
    return { outcome, destination, stage };
  } finally {
    line.destroy();
  }
}

function* chunks(stream: Uint8Array): Generator<Buffer> {
  if (stream.length > 0) yield Buffer.from(stream);
}
