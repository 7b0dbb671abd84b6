/** Who may log in to the HTTP API: nobody, until an administrator has named who judges. */
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { JudgementStore } from '../audit/judgement.store.js';
import type { Lockout } from '../audit/judgement.dto.js';
import { Database } from '../database/database.js';
import { ExtraDataRow, SystemPropertyRow } from '../database/rows.js';
import { ApiError } from '../http/api-error.js';
import type { Caller } from '../http/permission.js';
import { simpleUserKey } from '../vrde/simple-users.js';
import type { Credentials, Judging, Origin } from './judging.js';
import type { OpenedSession } from './sessions.js';

/** Of all that are refused alike: which it was is for the record alone. */
const refusal = "the login is refused: user name or password is wrong, or there were too many wrong ones before; the record says why: 'belvedere logins log', and 'belvedere logins lockouts' who is locked out";
const closed = "nobody may log in to this API until an administrator has said who judges logins: type 'VBoxManage setproperty websrvauthlibrary VBoxAuthSimple' for users of its own, or 'default' for the accounts of this host";

@Injectable()
export class LoginService implements OnModuleInit, OnModuleDestroy {
  private readonly log = new Logger('logins');
  private loading: Promise<Judging> | undefined;
  private judging: Judging | undefined;

  constructor(
    private readonly database: Database,
    private readonly judgements: JudgementStore,
  ) {}

  async onModuleInit(): Promise<void> {
    if ((await this.library()) === 'null') this.warn();
  }

  /** @throws ApiError for whoever may not */
  async logIn(credentials: Credentials, origin: Origin, signal: AbortSignal): Promise<OpenedSession> {
    if ((await this.library()) === undefined) throw new ApiError('E_ACCESSDENIED', closed);
    const judging = await this.load();
    const opened = await judging.logIn(credentials, origin, signal);
    if (!opened) throw new ApiError('E_ACCESSDENIED', refusal);
    return opened;
  }

  /** Whose session a token is. */
  callerOf(token: string): Caller | undefined {
    return this.judging?.sessions.callerOf(token);
  }

  lockouts(): Lockout[] {
    return (this.judging?.limiter.lockouts() ?? []).map(({ since, until, ...lockout }) => ({ ...lockout, since: new Date(since).toISOString(), until: new Date(until).toISOString() }));
  }

  /** @returns how many lock-outs this lifted */
  unlock(name?: string): number {
    return this.judging?.limiter.unlock(name) ?? 0;
  }

  /** The system property has changed: sessions end. */
  libraryChanged(library: string | null): void {
    if (library === 'null') this.warn();
    this.judging?.libraryChanged();
  }

  /** A global `VBoxAuthSimple/users/...` has changed. */
  userChanged(user: string): void {
    this.judging?.userChanged(user);
  }

  async onModuleDestroy(): Promise<void> {
    const judging = await this.loading?.catch(() => undefined);
    await judging?.close();
  }

  private warn(): void {
    this.log.warn("anyone who reaches the HTTP API's port may log in and command: the system property websrvauthlibrary is 'null'");
  }

  /** @returns undefined while nobody has set one */
  private async library(): Promise<string | undefined> {
    return (await this.database.read((manager) => manager.findOneBy(SystemPropertyRow, { name: 'webServiceAuthLibrary' })))?.value;
  }

  private load(): Promise<Judging> {
    return (this.loading ??= import('./judging.js').then((module) => {
      const hashOf = async (user: string): Promise<string | undefined> => (await this.database.read((manager) => manager.findOneBy(ExtraDataRow, { machine: '', key: simpleUserKey(user) })))?.value;
      return (this.judging = new module.Judging(() => this.library(), hashOf, (judgement) => this.judgements.add(judgement)));
    }));
  }
}
