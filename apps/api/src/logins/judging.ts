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
  private lastClientId = 0;
  /** Notices of ended sessions that are under way. */
  private readonly notices = new Set<Promise<void>>();
  /** Counts what makes earlier judgements void. */
  private changes = 0;

  /**
   * @param simpleUsers hashes of the global `VBoxAuthSimple/users/...`
   * @param keep keeps a judgement for good
   */
  constructor(
    private readonly simpleUsers: HashLookup,
    private readonly keep: (judgement: Judgement) => Promise<void>,
  ) {}

  /**
   * @param library as the system property has it
   * @param signal aborts when the client has gone
   * @returns undefined for a login that is refused; the record says why
   */
  async logIn(library: string, { user, password, domain }: Credentials, { address, clientName }: Origin, signal: AbortSignal): Promise<OpenedSession | undefined> {
    const clientId = this.lastClientId === largestClientId ? (this.lastClientId = 1) : ++this.lastClientId;
    const client: EndedSession = { user, domain, address, clientName, clientId, machineId: '' };
    const { changes } = this;
    const authenticator = this.choose(library);
    if (authenticator instanceof AuthUnavailableError) {
      this.log.error(`nobody can judge logins to the HTTP API: ${authenticator.message}`);
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
    const problem = await this.problemOf(record, changes, signal);
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
    const before = this.chosen?.authenticator;
    this.chosen = undefined;
    if (before) void this.told().then(() => before.close());
  }

  /** A user's hash is another, or none: what it opened ends. */
  userChanged(user: string): void {
    this.changes++;
    if (this.chosen?.library === 'VBoxAuthSimple') this.sessions.end(user);
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
    try {
      const method = library === 'null' ? ({ type: 'null' } as const) : ({ type: 'external', library, simpleUsers: this.simpleUsers } as const);
      const authenticator = chooseAuthenticator({ ...method, limiter: this.limiter, caller, onJudgement: (record) => this.records.set(record.clientId, record) });
      this.chosen = { library, authenticator };
      return authenticator;
    } catch (error) {
      if (error instanceof AuthUnavailableError) return error;
      throw error;
    }
  }

  /** Why a login that was granted is none. */
  private async problemOf(record: AuditRecord | undefined, changes: number, signal: AbortSignal): Promise<string | undefined> {
    if (!record) return 'it left no record';
    try {
      await this.file(record);
    } catch (error) {
      return `it could not be recorded: ${textOf(error)}`;
    }
    if (changes !== this.changes) return 'who may log in was changed meanwhile';
    return signal.aborted ? 'its client has gone' : undefined;
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
