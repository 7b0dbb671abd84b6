/**
 * Servers for tests, with all that a test does not care about: `const rdp = rdpServers()` at the head of a test file makes an identity once, and
 * ends what a test has opened when the test is over.
 *
 * Not pure: registers jest's hooks; sockets of this host, a folder of its own.
 */
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClientOptions, RdpClient } from '../client/index.js';
import { serverIdentity, type ServerIdentity } from '../security/index.js';
import type { RdpServerOptions } from '../server/options.js';
import { RdpServer } from '../server/server.js';
import { InputRecord, PatternScreen } from './pattern.js';

/** Whatever a test opens. */
export interface Opened {
  close(reason: string): unknown;
}

export interface Started {
  readonly server: RdpServer;
  /** What its clients have typed and pointed at. */
  readonly record: InputRecord;
  /** Its log: level and text. */
  readonly log: string[];
}

export interface RdpServers {
  readonly identity: ServerIdentity;
  /** A server on a free port of this host, whom anyone may enter; `options` say what is special about it. */
  start(options?: Partial<RdpServerOptions>): Promise<Started>;
  /** Our own client, about to connect to it. */
  client(server: RdpServer, options?: Omit<ClientOptions, 'port'>): RdpClient;
  /** Has it closed when the test is over, before all that was opened earlier. */
  closing<T extends Opened>(opened: T): T;
}

export function rdpServers(): RdpServers {
  let folder: string;
  let identity: ServerIdentity;
  const open: Opened[] = [];
  const closing = <T extends Opened>(opened: T): T => {
    open.push(opened);
    return opened;
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'belvedere-rdp-'));
    identity = await serverIdentity(folder, { commonName: 'server test', altNames: ['localhost'] });
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true }));
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close('the test is over');
  });
  return {
    get identity() {
      return identity;
    },
    closing,
    async start(options = {}) {
      const record = new InputRecord();
      const log: string[] = [];
      const server = await RdpServer.listen({
        ports: [0],
        addresses: ['127.0.0.1'],
        screens: [new PatternScreen(200, 150)],
        keyboard: record.keyboard,
        pointer: record.pointer,
        authenticator: { judge: async () => ({ granted: true }) },
        machineId: 'machine',
        name: 'a machine',
        securityMethod: 'negotiate',
        certificate: () => identity.tls,
        standard: identity.standard,
        multiConnection: true,
        reuseConnection: false,
        log: (level, message) => log.push(`${level} ${message}`),
        ...options,
      });
      return { server: closing(server), record, log };
    },
    client: (server, options = {}) => closing(new RdpClient({ port: server.port, ...options })),
  };
}
