/** A run of the fuzzer: handshakes against the steps, then some over sockets, and what they cost. Not pure: sockets, files, the heap. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RdpClient } from '../client/index.js';
import { ntHash } from '../nla/index.js';
import { serverIdentity } from '../security/index.js';
import { RdpServer } from '../server/server.js';
import { InputRecord, PatternScreen } from '../testing/pattern.js';
import { Handshakes } from './handshakes.js';
import { overSockets, type SocketFigures } from './sockets.js';

/** Handshakes before the heap is measured first: by then all code is there. */
const WARM_UP = 2000;
/** Bytes by which the heap may have grown at the end. */
const HEAP_LIMIT = 32 << 20;

export interface FuzzSettings {
  readonly count: number;
  readonly seed: number;
  /** Handshakes over sockets, beside those. */
  readonly sockets: number;
  /** For the server's identity. */
  readonly folder: string;
  readonly progress?: (text: string) => void;
}

export interface FuzzFigures {
  readonly handshakes: number;
  /** Handshakes a second. */
  readonly rate: number;
  /** Milliseconds of the host's time. */
  readonly slowest: number;
  /** Bytes by which the heap grew after the first handshakes. */
  readonly heapGrowth: number;
  /** By kind and end. */
  readonly ends: Readonly<Record<string, number>>;
  readonly sockets: SocketFigures & { readonly heapGrowth: number };
}

/** @throws FuzzFailure for the first handshake that did what none may; Error if memory grew or the server is not well afterwards */
export async function fuzz({ count, seed, sockets, folder, progress = () => undefined }: FuzzSettings): Promise<FuzzFigures> {
  const handshakes = new Handshakes();
  const ends = new Map<string, number>();
  let slowest = 0;
  let before: number | undefined;
  const began = performance.now();
  for (let done = 0; done < count; done++) {
    if (done === Math.min(WARM_UP, count >> 1)) before = heap();
    const { kind, end, elapsed } = await handshakes.run(seed + done);
    ends.set(`${kind}: ${end}`, (ends.get(`${kind}: ${end}`) ?? 0) + 1);
    slowest = Math.max(slowest, elapsed);
    if ((done + 1) % 100_000 === 0) progress(`${done + 1} handshakes, the slowest took ${slowest.toFixed(0)} ms`);
  }
  const rate = (count / (performance.now() - began)) * 1000;
  const heapGrowth = heap() - (before ?? heap());
  if (heapGrowth > HEAP_LIMIT) throw new Error(`the heap has grown by ${heapGrowth} bytes over ${count} handshakes`);
  const overWire = await withServer(folder, async (server) => {
    await overSockets(server.port, handshakes.seeds, Math.min(sockets, 500), seed);
    const first = heap();
    const figures = await overSockets(server.port, handshakes.seeds, sockets, seed + 500);
    const growth = heap() - first;
    if (growth > HEAP_LIMIT) throw new Error(`the heap has grown by ${growth} bytes over ${sockets} connections`);
    return { ...figures, heapGrowth: growth };
  });
  return { handshakes: count, rate, slowest, heapGrowth, ends: Object.fromEntries([...ends].sort()), sockets: overWire };
}

/** With a server that nobody knows a password for but our own client, which has to get in afterwards. */
async function withServer<T>(folder: string, act: (server: RdpServer) => Promise<T>): Promise<T> {
  const identity = await serverIdentity(folder, { commonName: 'fuzzed', altNames: [] });
  const { keyboard, pointer } = new InputRecord();
  const faults: string[] = [];
  const server = await RdpServer.listen({
    ports: [0],
    addresses: ['127.0.0.1'],
    screens: [new PatternScreen(64, 48)],
    keyboard,
    pointer,
    authenticator: {
      judge: async ({ password }) => (password === 'only this one' ? { granted: true } : { granted: false, reason: 'wrong password' }),
      ntHash: async () => ntHash('only this one'),
    },
    machineId: 'machine',
    name: 'fuzzed',
    securityMethod: 'negotiate',
    encryptionDemand: 'none',
    certificate: () => identity.tls,
    standard: identity.standard,
    multiConnection: true,
    reuseConnection: false,
    log: (level, message) => level === 'error' && faults.push(message),
  });
  try {
    const result = await act(server);
    if (faults.length) throw new Error(`the server logged ${faults.length} faults of its own: ${faults[0]}`);
    if (server.clients.length) throw new Error(`${server.clients.length} strangers are in`);
    const viewer = new RdpClient({ port: server.port, security: 'nla', user: 'max', password: 'only this one' });
    await viewer.active();
    viewer.close();
    return result;
  } finally {
    await server.close('the fuzzing is over');
  }
}

/** Bytes in use after everything that can be thrown away has been. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}
