/** What GET /events tells, one JSON object an event. */
import { Nested, OneOf, Text } from '../http/fields.js';
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

export class RegistryEvent {
  @OneOf(['registry']) type: 'registry';
  @OneOf(['registered', 'changed', 'unregistered']) change: 'registered' | 'changed' | 'unregistered';
  @Text({ format: 'uuid' }) uuid: string;
  @Text() name: string;
}

export type ApiEvent = MachineEvent | VrdeEvent | RegistryEvent;
