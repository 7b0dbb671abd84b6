/**
 * Logins to the HTTP API, judged by the same interface as those to remote displays. This file brings packages/auth with it: it is loaded at the
 * first login and not before.
 *
 * A login counts when its record is kept. What the method was told of a login that it granted, it is told again when that ends.
 */
import { type AuditRecord, AuthUnavailableError, type EndedSession, chooseAuthenticator, GuessLimiter, type HashLookup, type LogonAttempt, type MachineAuthenticator, systemClock } from '@belvedere/auth';
import { Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { within } from '../concurrency/waiting.js';
import { textOf } from '../http/api-error.js';
import type { Judgement } from '../audit/judgement.dto.js';
import { type OpenedSession, Sessions } from './sessions.js';

/** What VirtualBox's web service calls itself to authentication libraries. */
const caller = 'vboxwebsrv';
const largestClientId = 0xffffffff;
/** How long the API's end waits for libraries that are told of the end of sessions, in milliseconds. */
const noticeLimit = 2_000;

export type Credentials = Pick<LogonAttempt, 'user' | 'password' | 'domain'>;
export type Origin = Pick<LogonAttempt, 'address' | 'clientName'>;

interface Chosen {
  /** As the system property has it. */
  readonly library: string;
  readonly authenticator: MachineAuthenticator;
}

export class Judging {
  readonly sessions = new Sessions(systemClock);
  /** One for the API's whole life: changing the settings forgives nobody. */
  readonly limiter = new GuessLimiter(systemClock);
  private readonly log = new Logger('logins');
  private readonly records = new Map<number, AuditRecord>();
  private chosen: Chosen | undefined;
  /** The library that the log has said cannot judge. */
  private complained: string | undefined;
  private lastClientId = 0;
  /** Notices of ended sessions that are under way. */
  private readonly notices = new Set<Promise<void>>();
  /** Counts what makes earlier judgements void. */
  private changes = 0;

  /**
   * @param libraryNow as the system property has it; undefined: nobody may log in
   * @param simpleUsers hashes of the global `VBoxAuthSimple/users/...`
   * @param keep keeps a judgement for good
   */
  constructor(
    private readonly libraryNow: () => Promise<string | undefined>,
    private readonly simpleUsers: HashLookup,
    private readonly keep: (judgement: Judgement) => Promise<void>,
  ) {}

  /**
   * @param signal aborts when the client has gone
   * @returns undefined for a login that is refused; the record says why
   */
  async logIn({ user, password, domain }: Credentials, { address, clientName }: Origin, signal: AbortSignal): Promise<OpenedSession | undefined> {
    const clientId = this.lastClientId === largestClientId ? (this.lastClientId = 1) : ++this.lastClientId;
    const client: EndedSession = { user, domain, address, clientName, clientId, machineId: '' };
    // From here on every change counts against it, also one between reading who judges and asking that.
    const { changes } = this;
    const library = await this.libraryNow();
    if (library === undefined) return undefined;
    const authenticator = this.choose(library);
    if (authenticator instanceof AuthUnavailableError) {
      this.complain(library, authenticator.message);
      await this.file({ ...client, at: new Date(systemClock.now()), method: library, granted: false, reason: authenticator.message });
      return undefined;
    }
    const { granted } = await authenticator.judge({ ...client, password }, signal);
    const record = this.records.get(clientId);
    this.records.delete(clientId);
    if (!granted) {
      if (record) await this.file(record);
      return undefined;
    }
    const ended = (): void => this.notify(authenticator, client);
    const problem = await this.problemOf(record, () => this.voids(changes, signal));
    if (problem !== undefined) {
      this.log.warn(`a login to the HTTP API was granted, but did not come about: ${problem}`);
      ended();
      return undefined;
    }
    if (library === 'null') this.log.warn(`${JSON.stringify(record!.user)} has logged in to the HTTP API from ${record!.address} unasked: authentication is 'null', so anyone may`);
    return this.sessions.begin(user, ended);
  }

  /** Another library judges from now on: what the one before has granted ends. */
  libraryChanged(): void {
    this.changes++;
    this.sessions.end();
    this.complained = undefined;
    this.retire();
  }

  /** A user's hash is another, or none: what it opened ends. */
  userChanged(user: string): void {
    if (this.chosen?.library !== 'VBoxAuthSimple') return;
    this.changes++;
    this.sessions.end(user);
  }

  /** Ends all sessions, tells the library, and ends its processes. */
  async close(): Promise<void> {
    this.changes++;
    this.sessions.end();
    await within(noticeLimit, this.told(), () => new Error('late')).catch(() => this.log.warn(`the authentication library was not told of the end of all sessions in ${noticeLimit / 1000} s`));
    this.chosen?.authenticator.close();
  }

  private choose(library: string): MachineAuthenticator | AuthUnavailableError {
    if (this.chosen?.library === library) return this.chosen.authenticator;
    this.retire();
    try {
      const method = library === 'null' ? ({ type: 'null' } as const) : ({ type: 'external', library, simpleUsers: this.simpleUsers } as const);
      const authenticator = chooseAuthenticator({ ...method, limiter: this.limiter, caller, onJudgement: (record) => this.records.set(record.clientId, record) });
      this.chosen = { library, authenticator };
      this.complained = undefined;
      return authenticator;
    } catch (error) {
      if (error instanceof AuthUnavailableError) return error;
      throw error;
    }
  }

  /** The library is asked no more, once it is told of the end of its sessions. */
  private retire(): void {
    const before = this.chosen?.authenticator;
    this.chosen = undefined;
    if (before) void this.told().then(() => before.close());
  }

  /** Once, however many try. */
  private complain(library: string, problem: string): void {
    if (this.complained !== library) this.log.error(`nobody can judge logins to the HTTP API: ${problem}`);
    this.complained = library;
  }

  /** Why a login that was granted is none. */
  private async problemOf(record: AuditRecord | undefined, voids: () => string | undefined): Promise<string | undefined> {
    if (!record) return 'it left no record';
    const reason = voids();
    try {
      await this.file(reason === undefined ? record : { ...record, granted: false, reason });
    } catch (error) {
      return `it could not be recorded: ${textOf(error)}`;
    }
    return voids();
  }

  /** What came between a judgement and its session. */
  private voids(changes: number, signal: AbortSignal): string | undefined {
    if (changes !== this.changes) return 'who may log in was changed meanwhile';
    return signal.aborted ? 'the client has gone' : undefined;
  }

  /** Ids grow with time, so that judgements of one millisecond keep their order. */
  private file({ at, machineId: machine, ...record }: AuditRecord): Promise<void> {
    return this.keep({ id: uuidv7(), at: at.toISOString(), machine, machineName: '', ...record });
  }

  private notify(authenticator: MachineAuthenticator, session: EndedSession): void {
    const notice = authenticator
      .ended(session)
      .catch((error: unknown) => this.log.warn(`the authentication library was not told that a session has ended: ${textOf(error)}`))
      .finally(() => this.notices.delete(notice));
    this.notices.add(notice);
  }

  /** Resolves when what is under way now is told. */
  private async told(): Promise<void> {
    await Promise.all(this.notices);
  }
}
