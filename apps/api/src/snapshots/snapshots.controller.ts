/** The snapshots of a machine; the machine itself lists them. */
import { Body, Controller, Delete, Get, Param, Patch, Post } from '@nestjs/common';
import { Answers, Heading, InPath, MachineRef } from '../http/openapi.js';
import { Needs } from '../http/permission.js';
import { Machine } from '../machines/machine.dto.js';
import { EditSnapshot, TakeSnapshot } from './snapshots.dto.js';
import { SnapshotsService } from './snapshots.service.js';

const SnapshotRef = (): MethodDecorator => InPath('snapshot', "the snapshot's name or UUID");

@Heading('snapshots')
@Controller('machines/:ref')
export class SnapshotsController {
  constructor(private readonly snapshots: SnapshotsService) {}

  /** Answers when the snapshot is taken. A running machine stands still while its memory is written. */
  @Post('snapshots')
  @Needs('machine.change')
  @MachineRef()
  @Answers(201, Machine)
  takeSnapshot(@Param('ref') ref: string, @Body() body: TakeSnapshot): Promise<Machine> {
    return this.snapshots.take(ref, body);
  }

  /** The machine as it was when the snapshot was taken. */
  @Get('snapshots/:snapshot')
  @Needs('machine.read')
  @MachineRef()
  @SnapshotRef()
  @Answers(200, Machine)
  getSnapshot(@Param('ref') ref: string, @Param('snapshot') snapshot: string): Promise<Machine> {
    return this.snapshots.get(ref, snapshot);
  }

  @Patch('snapshots/:snapshot')
  @Needs('machine.change')
  @MachineRef()
  @SnapshotRef()
  @Answers(200, Machine)
  editSnapshot(@Param('ref') ref: string, @Param('snapshot') snapshot: string, @Body() body: EditSnapshot): Promise<Machine> {
    return this.snapshots.edit(ref, snapshot, body);
  }

  /** Its disks are merged into what hangs on them. */
  @Delete('snapshots/:snapshot')
  @Needs('machine.change')
  @MachineRef()
  @SnapshotRef()
  @Answers(200, Machine)
  deleteSnapshot(@Param('ref') ref: string, @Param('snapshot') snapshot: string): Promise<Machine> {
    return this.snapshots.delete(ref, snapshot);
  }

  /** What the machine is now is thrown away. */
  @Post('snapshots/:snapshot/restore')
  @Needs('machine.change')
  @MachineRef()
  @SnapshotRef()
  @Answers(200, Machine)
  restoreSnapshot(@Param('ref') ref: string, @Param('snapshot') snapshot: string): Promise<Machine> {
    return this.snapshots.restore(ref, snapshot);
  }

  /** As above, for the snapshot that the machine began from. */
  @Post('restore-current-snapshot')
  @Needs('machine.change')
  @MachineRef()
  @Answers(200, Machine)
  restoreCurrentSnapshot(@Param('ref') ref: string): Promise<Machine> {
    return this.snapshots.restore(ref);
  }
}
