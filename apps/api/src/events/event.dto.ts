/** What GET /events tells, one JSON object an event. */
import { Nested, OneOf, Text, Whole } from '../http/fields.js';
import { Judgement } from '../audit/judgement.dto.js';
import { JobEvent } from '../jobs/job.dto.js';
import { VrdeStatus } from '../machines/machine.dto.js';
import { machineStates, type MachineState } from '../machines/words.js';

export class MachineEvent {
  @OneOf(['machine']) type: 'machine';
  @Text({ format: 'uuid' }) uuid: string;
  @Text() name: string;
  @OneOf(machineStates) state: MachineState;
  @Text({ optional: true }) reason?: string;
}

export class VrdeEvent {
  @OneOf(['vrde']) type: 'vrde';
  @Text({ format: 'uuid' }) uuid: string;
  @Text() name: string;
  @Nested(() => VrdeStatus) vrde: VrdeStatus;
}

/** How far long work on a machine has come. */
export class ProgressEvent {
  @OneOf(['progress']) type: 'progress';
  @Text({ format: 'uuid' }) uuid: string;
  @Text() name: string;
  @OneOf(['saveState', 'takeSnapshot', 'teleport']) operation: 'saveState' | 'takeSnapshot' | 'teleport';
  @Whole({ max: 100 }) percent: number;
}

export class RegistryEvent {
  @OneOf(['registry']) type: 'registry';
  @OneOf(['registered', 'changed', 'unregistered']) change: 'registered' | 'changed' | 'unregistered';
  @Text({ format: 'uuid' }) uuid: string;
  @Text() name: string;
}

/** A login was judged, and its record is kept. One that fell while the API was away is told when it comes to be known. */
export class JudgementEvent {
  @OneOf(['judgement']) type: 'judgement';
  @Text({ doc: "the machine's UUID; empty for a login to this API" }) uuid: string;
  @Text() name: string;
  @Nested(() => Judgement) judgement: Judgement;
}

export type ApiEvent = MachineEvent | VrdeEvent | ProgressEvent | RegistryEvent | JudgementEvent | JobEvent;
