/** The saved state of a machine. */
import { Body, Controller, Delete, Param, Post } from '@nestjs/common';
import { Answers, Heading, MachineRef } from '../http/openapi.js';
import { Needs } from '../http/permission.js';
import { Machine } from '../machines/machine.dto.js';
import { AdoptState } from './states.dto.js';
import { StatesService } from './states.service.js';

@Heading('states')
@Controller('machines/:ref')
export class StatesController {
  constructor(private readonly states: StatesService) {}

  /** Saves the state of a running machine and ends it; answers when it is saved. Events of type 'progress' tell how far it is. */
  @Post('save-state')
  @Needs('machine.run')
  @MachineRef()
  @Answers(200, Machine)
  saveMachineState(@Param('ref') ref: string): Promise<Machine> {
    return this.states.save(ref);
  }

  /** Throws the saved state away: the machine is powered off then. */
  @Delete('saved-state')
  @Needs('machine.run')
  @MachineRef()
  @Answers(200, Machine)
  discardMachineState(@Param('ref') ref: string): Promise<Machine> {
    return this.states.discard(ref);
  }

  /** Copies a file with a state, from which the machine starts next. */
  @Post('adopt-state')
  @Needs('machine.run')
  @MachineRef()
  @Answers(200, Machine)
  adoptMachineState(@Param('ref') ref: string, @Body() { path }: AdoptState): Promise<Machine> {
    return this.states.adopt(ref, path);
  }
}
