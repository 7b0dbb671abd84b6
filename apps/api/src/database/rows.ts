/**
 * The tables, as TypeORM sees them.
 *
 * What is searched or referred to has a column of its own; the rest of a machine's settings is one document, as a snapshot will need it.
 * Times are ISO 8601 texts, so that they mean the same in every database.
 */
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { RunOverrides } from '../vrde/settings.js';
import type { MachineDocument } from '../machines/settings.js';
import type { FilePlan } from '../media/plan.js';
import type { Bus, DriveType, MachineState, MediumType } from '../machines/words.js';
import type { SnapshotPlan } from '../snapshots/plan.js';
import type { SnapshotRecord, StoredSettings } from '../snapshots/stored.js';

@Entity('machine')
export class MachineRow {
  @PrimaryColumn('varchar', { length: 36 }) uuid: string;
  @Column('varchar', { length: 200, unique: true }) name: string;
  @Column('varchar', { length: 64 }) osType: string;
  @Column('text') settingsFile: string;
  @Column('simple-json') document: MachineDocument;
  /** Counts changes: a writer that read another count is refused. */
  @Column('integer') version: number;
}

/** What the supervisor knows of a machine. Written by it alone, so that it never meets a writer of settings. */
@Entity('machine_state')
export class MachineStateRow {
  @PrimaryColumn('varchar', { length: 36 }) machine: string;
  @Column('varchar', { length: 16 }) state: MachineState;
  @Column('varchar', { length: 30 }) changedAt: string;
  @Column('text', { nullable: true }) reason: string | null;
  /** The machine's process and what tells it from a later one of the same number. */
  @Column('integer', { nullable: true }) pid: number | null;
  @Column('varchar', { length: 100, nullable: true }) processToken: string | null;
  @Column('varchar', { length: 30, nullable: true }) startedAt: string | null;
  /** What this run changes of the remote display's settings. */
  @Column('simple-json', { nullable: true }) overrides: RunOverrides | null;
}

@Entity('storage_controller')
export class StorageControllerRow {
  @PrimaryColumn('varchar', { length: 36 }) machine: string;
  @PrimaryColumn('varchar', { length: 200 }) name: string;
  /** Order among the machine's controllers. */
  @Column('integer') position: number;
  @Column('varchar', { length: 16 }) bus: Bus;
  @Column('varchar', { length: 32 }) chipset: string;
  @Column('integer') portCount: number;
  @Column('boolean') bootable: boolean;
}

@Entity('attachment')
export class AttachmentRow {
  @PrimaryColumn('varchar', { length: 36 }) machine: string;
  @PrimaryColumn('varchar', { length: 200 }) controller: string;
  @PrimaryColumn('integer') port: number;
  @PrimaryColumn('integer') device: number;
  @Column('varchar', { length: 16 }) type: DriveType;
  @Column('varchar', { length: 36, nullable: true }) medium: string | null;
}

@Entity('medium')
export class MediumRow {
  @PrimaryColumn('varchar', { length: 36 }) uuid: string;
  @Column('varchar', { length: 16 }) type: MediumType;
  @Column('varchar', { length: 4096, unique: true }) path: string;
  @Column('varchar', { length: 16 }) format: string;
  @Column('varchar', { length: 16 }) variant: string;
  @Column('bigint', { transformer: { to: (bytes: number) => bytes, from: Number } }) sizeBytes: number;
  /** What a differencing image hangs on. */
  @Column('varchar', { length: 36, nullable: true }) parent: string | null;
  @Column('text', { default: '' }) description: string;
}

@Entity('extra_data')
export class ExtraDataRow {
  /** A machine's UUID; empty for the global ones. */
  @PrimaryColumn('varchar', { length: 36 }) machine: string;
  @PrimaryColumn('varchar', { length: 255 }) key: string;
  @Column('text') value: string;
}

@Entity('system_property')
export class SystemPropertyRow {
  @PrimaryColumn('varchar', { length: 64 }) name: string;
  @Column('text') value: string;
}

/** A login that was judged. It outlives its machine. */
@Entity('judgement')
export class JudgementRow {
  @PrimaryColumn('varchar', { length: 36 }) id: string;
  @Column('varchar', { length: 30 }) at: string;
  /** A machine's UUID; empty for a login to the HTTP API. */
  @Column('varchar', { length: 36 }) machine: string;
  /** At that time. */
  @Column('varchar', { length: 200 }) machineName: string;
  @Column('text') user: string;
  @Column('text') domain: string;
  @Column('text') address: string;
  @Column('text') clientName: string;
  @Column('bigint', { transformer: { to: (id: number) => id, from: Number } }) clientId: number;
  @Column('text') method: string;
  @Column('boolean') granted: boolean;
  @Column('text') reason: string;
}

@Entity('snapshot')
export class SnapshotRow implements SnapshotRecord {
  @PrimaryColumn('varchar', { length: 36 }) uuid: string;
  @Column('varchar', { length: 36 }) machine: string;
  @Column('varchar', { length: 36, nullable: true }) parent: string | null;
  @Column('varchar', { length: 200 }) name: string;
  @Column('text') description: string;
  @Column('varchar', { length: 30 }) takenAt: string;
  @Column('boolean') online: boolean;
  @Column('boolean') current: boolean;
  @Column('simple-json') settings: StoredSettings;
}

/** The images that a snapshot needs. */
@Entity('snapshot_medium')
export class SnapshotMediumRow {
  @PrimaryColumn('varchar', { length: 36 }) snapshot: string;
  @PrimaryColumn('varchar', { length: 36 }) medium: string;
}

/** Work on a machine's snapshots that has begun and not ended. */
@Entity('snapshot_work')
export class SnapshotWorkRow {
  @PrimaryColumn('varchar', { length: 36 }) machine: string;
  @Column('simple-json') plan: SnapshotPlan;
}

/** A file of an image that is being made. */
@Entity('file_work')
export class FileWorkRow {
  @PrimaryColumn('varchar', { length: 36 }) id: string;
  @Column('varchar', { length: 4096 }) path: string;
  /** The UUID that its header will have; null where its format keeps none. */
  @Column('varchar', { length: 36, nullable: true }) image: string | null;
}

/** Work on files that has begun and not ended. */
@Entity('file_plan')
export class FilePlanRow {
  @PrimaryColumn('varchar', { length: 36 }) id: string;
  @Column('simple-json') plan: FilePlan;
}

export const rows = [MachineRow, MachineStateRow, StorageControllerRow, AttachmentRow, MediumRow, ExtraDataRow, SystemPropertyRow, JudgementRow, SnapshotRow, SnapshotMediumRow, SnapshotWorkRow, FileWorkRow, FilePlanRow] as const;

