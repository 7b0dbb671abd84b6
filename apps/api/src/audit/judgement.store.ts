/**
 * The record of every login, to a remote display or to the HTTP API: when, who, from where, by which method, why. Never a password.
 *
 * A machine's process tells each judgement when it falls, and has it on file already; the files are read when a machine is found again and
 * when it has ended. A record that comes by both ways counts once. The oldest go when there are very many, so that guessing fills no disk.
 */
import type { JudgementRecord } from '@belvedere/control';
import { Injectable, Logger } from '@nestjs/common';
import { open, rm } from 'node:fs/promises';
import { type EntityManager, type FindOptionsWhere, In, LessThan, Not } from 'typeorm';
import { EventHub } from '../events/event-hub.js';
import { Database } from '../database/database.js';
import { JudgementRow } from '../database/rows.js';
import { ApiContext } from '../home/context.js';
import { invalid, textOf } from '../http/api-error.js';
import type { Destination, Judgement, JudgementPage } from './judgement.dto.js';
import { judgementOf, judgementsIn } from './record.js';

/** Most bytes of one file that are read: twice what a machine's process puts into one. */
const fileLimit = 32 << 20;
/** Records written in one transaction. */
const batch = 500;
/** Records that are kept, and how many new ones come between two looks at that. */
const mostKept = 250_000;
const lookEvery = 1000;

export const largestPage = 1000;

@Injectable()
export class JudgementStore {
  private readonly log = new Logger('audit');
  private sinceLook = lookEvery;

  constructor(
    private readonly context: ApiContext,
    private readonly database: Database,
    private readonly events: EventHub,
  ) {}

  /** Keeps what a machine's process has told. */
  async keep(machine: string, name: string, told: unknown): Promise<void> {
    const record = judgementOf(told, machine);
    if (record) await this.insert([rowOf(name, record)]);
    else this.log.warn(`machine '${name}' told a login that is no record of one: it was left out`);
  }

  /** Keeps a judgement of this API's own. */
  add(judgement: Judgement): Promise<void> {
    return this.insert([judgement]);
  }

  /**
   * Keeps what is on a machine's audit files.
   * @param remove the machine has ended: the files go once their records are kept
   */
  async collect(machine: string, name: string, remove: boolean): Promise<void> {
    const file = this.context.home.auditFile(machine);
    // In this order a file that is put aside meanwhile is read twice, not missed.
    for (const each of [file, `${file}.old`]) {
      try {
        const text = await readStart(each, fileLimit);
        if (text === undefined) continue;
        const { records, bad } = judgementsIn(text, machine);
        if (bad) this.log.warn(`${each}: ${bad} of ${bad + records.length} lines are no record of a login and were left out`);
        await this.insert(records.map((record) => rowOf(name, record)));
        if (remove) await rm(each, { force: true });
      } catch (error) {
        this.log.error(`could not take over the logins of machine '${name}' from ${each}, which stays: ${textOf(error)}`);
      }
    }
  }

  /** The newest first. @param machine absent: all that go `to` there. @param before where the page before this one ended. @throws ApiError */
  async page({ machine, to, limit = 100, before }: { readonly machine?: string; readonly to?: Destination; readonly limit?: number; readonly before?: string }): Promise<JudgementPage> {
    if (limit < 1 || limit > largestPage) throw invalid(`a page of ${limit} judgements cannot be had: ask for 1 to ${largestPage}`);
    const rows = await this.database.read((manager) => manager.find(JudgementRow, { where: whereOf(machine ?? toOf[to ?? 'both'], before), order: { at: 'DESC', id: 'DESC' }, take: limit + 1 }));
    const judgements = rows.slice(0, limit);
    const last = judgements.at(-1);
    return { judgements, next: rows.length > limit && last ? `${last.at}_${last.id}` : null };
  }

  private async insert(rows: readonly Judgement[]): Promise<void> {
    for (let at = 0; at < rows.length; at += batch) {
      const some = rows.slice(at, at + batch);
      const added = await this.database.transaction(async (manager) => {
        // Of a file most are there already, and looking is several times as fast as inserting in vain.
        const known = await knownOf(manager, some.map(({ id }) => id));
        const fresh = some.filter(({ id }) => !known.has(id));
        if (fresh.length) await manager.createQueryBuilder().insert().into(JudgementRow).values(fresh).orIgnore().updateEntity(false).execute();
        if ((this.sinceLook += fresh.length) >= lookEvery) await forgetOldest(manager, mostKept);
        return fresh;
      });
      if (this.sinceLook >= lookEvery) this.sinceLook = 0;
      for (const judgement of added) this.events.emit({ type: 'judgement', uuid: judgement.machine, name: judgement.machineName, judgement });
    }
  }
}

const rowOf = (machineName: string, { machineId: machine, ...record }: JudgementRecord): Judgement => ({ ...record, machine, machineName });

async function knownOf(manager: EntityManager, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const found = manager.createQueryBuilder(JudgementRow, 'judgement').select('judgement.id', 'id').where({ id: In(ids) });
  return new Set((await found.getRawMany<{ id: string }>()).map(({ id }) => id));
}

/** Keeps the newest `most` records. */
export async function forgetOldest(manager: EntityManager, most: number): Promise<void> {
  const [oldest] = await manager.find(JudgementRow, { select: { id: true, at: true }, order: { at: 'DESC', id: 'DESC' }, skip: most - 1, take: 1 });
  if (oldest) await manager.delete(JudgementRow, { at: LessThan(oldest.at) });
}

const toOf = { both: undefined, machines: Not(''), api: '' } as const;

function whereOf(machine: FindOptionsWhere<JudgementRow>['machine'], before: string | undefined): FindOptionsWhere<JudgementRow>[] {
  const of = machine === undefined ? {} : { machine };
  if (before === undefined) return [of];
  const [, at, id] = /^([0-9TZ:.-]{20,30})_([0-9a-f-]{36})$/.exec(before) ?? [];
  if (at === undefined || id === undefined) throw invalid(`'${before}' is no place in the record of logins: give the 'next' of the page before`);
  return [
    { ...of, at: LessThan(at) },
    { ...of, at, id: LessThan(id) },
  ];
}

/** @returns undefined where there is no file */
async function readStart(file: string, limit: number): Promise<string | undefined> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return undefined;
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.min(size, limit));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
