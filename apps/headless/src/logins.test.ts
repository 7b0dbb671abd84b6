/** Logins that the guest judges: which port its agent is asked at, what counts, and what is on record. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JudgementRecord, MachineSpec, SerialSpec, VrdeSpec } from '@belvedere/control';
import { Logins, offersNla } from './logins.js';
import { guestAgentPort } from './serial.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'logins-'))));
afterEach(() => rm(folder, { recursive: true }));

const vrde = (authType: VrdeSpec['authType']): VrdeSpec => ({ enabled: true, ports: [0], addresses: [], authType, authLibrary: '', multiConnection: false, reuseConnection: false, simpleUsers: {}, properties: {} });
const attempt = (user: string, password: string) => ({ user, password, domain: '', clientId: 1, machineId: '6f1c2d9a-0000-4000-8000-000000000001', address: '192.0.2.1', clientName: 'desk' });
const serial = (slot: number, mode: SerialSpec['mode']): SerialSpec => ({ slot, ioBase: 0x3f8, irq: 4, mode, path: null });
const hardware = (...serialPorts: SerialSpec[]) => ({ serialPorts }) as unknown as MachineSpec['hardware'];

/** A serial port with an agent that answers line by line; its guest has one account. */
class AgentPort {
  private readonly listeners = new Set<(bytes: Uint8Array) => void>();
  private exitcode = 0;
  constructor(readonly index: number) {}

  onData(listener: (bytes: Uint8Array) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  write(bytes: Uint8Array): void {
    const { execute, arguments: given = {} } = JSON.parse(Buffer.from(bytes).toString('latin1').replace(/^\xff/, '')) as { execute: string; arguments?: Record<string, unknown> };
    const answer = Buffer.from(`${JSON.stringify({ return: this.answer(execute, given) })}\n`);
    const whole = execute === 'guest-sync-delimited' ? Buffer.concat([Buffer.of(0xff), answer]) : answer;
    queueMicrotask(() => this.listeners.forEach((listener) => listener(whole)));
  }

  private answer(execute: string, given: Record<string, unknown>): unknown {
    if (execute === 'guest-sync-delimited') return given.id;
    if (execute === 'guest-get-osinfo') return { id: 'debian' };
    if (execute === 'guest-exec-status') return { exited: true, exitcode: this.exitcode };
    const input = Buffer.from((given['input-data'] as string | undefined) ?? '', 'base64').toString();
    const [user, question] = given.arg as string[];
    this.exitcode = user !== 'john' ? 9 : question === 'chkexpiry' || input === 'right\0' ? 0 : 7;
    return { pid: 100 };
  }
}

test("the agent's port is the one with its mode", () => {
  const ports = [new AgentPort(1), new AgentPort(2)];
  expect(guestAgentPort(hardware(serial(1, 'disconnected'), serial(2, 'guestagent')), ports)).toBe(ports[1]);
  expect(guestAgentPort(hardware(serial(1, 'disconnected')), ports)).toBeUndefined();
});

test('the guest grants and refuses, and each judgement is on record', async () => {
  const auditFile = join(folder, 'audit');
  const told: JudgementRecord[] = [];
  const logins = new Logins(auditFile, new AgentPort(1), (record) => told.push(record));
  const authenticator = logins.authenticator(vrde('guest'), () => vrde('guest'));
  const signal = new AbortController().signal;
  expect(await authenticator.judge(attempt('john', 'right'), signal)).toEqual({ granted: true });
  expect(await authenticator.judge(attempt('john', 'wrong'), signal)).toMatchObject({ granted: false });
  authenticator.close();
  expect(told.map(({ user, method, granted }) => ({ user, method, granted }))).toEqual([true, false].map((granted) => ({ user: 'john', method: 'guest', granted })));
  const text = await readFile(auditFile, 'utf8');
  expect(text.trim().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(told);
  expect(text).not.toContain('"right"');
});

test('a library that delegates hears what the guest said', async () => {
  const library = join(folder, 'delegates.mjs');
  await writeFile(library, "export const authenticate = ({ guestJudgement }) => (guestJudgement === 'notAsked' ? 'delegate' : { granted: guestJudgement === 'granted', reason: `the guest: ${guestJudgement}` });");
  const settings = { ...vrde('external'), authLibrary: library };
  const reasons: string[] = [];
  const logins = new Logins(join(folder, 'audit'), new AgentPort(1), ({ reason }) => reasons.push(reason));
  const authenticator = logins.authenticator(settings, () => settings);
  const signal = new AbortController().signal;
  try {
    expect(await authenticator.judge(attempt('john', 'right'), signal)).toEqual({ granted: true });
    expect(await authenticator.judge(attempt('john', 'wrong'), signal)).toMatchObject({ granted: false });
  } finally {
    authenticator.close();
  }
  expect(reasons[1]).toContain('the guest: denied');
});

test('without such a port nobody can be judged by the guest', () => {
  const logins = new Logins(join(folder, 'audit'), undefined, () => undefined);
  expect(() => logins.authenticator(vrde('guest'), () => vrde('guest'))).toThrow("authentication type 'guest' needs a serial port");
});

test('Network Level Authentication is offered where every user has an NT hash', () => {
  const [nt, sha256] = [`$nt$${'a'.repeat(32)}`, 'a'.repeat(64)];
  const offers = (simpleUsers: Record<string, string>, changes: Partial<VrdeSpec> = {}) => offersNla({ ...vrde('external'), authLibrary: 'VBoxAuthSimple', simpleUsers, ...changes });
  expect([offers({ john: nt }), offers({ john: nt, mary: nt })]).toEqual([true, true]);
  expect([offers({}), offers({ john: sha256 }), offers({ john: nt, mary: sha256 }), offers({ john: nt, mary: 'secret' })]).toEqual([false, false, false, false]);
  expect([offers({ john: nt }, { authLibrary: 'VBoxAuth' }), offers({ john: nt }, { authType: 'null' })]).toEqual([false, false]);
});
