/** What is done to a machine that runs, and what starts it. */
import { Body, Controller, Delete, Get, Param, ParseIntPipe, Patch, Post, StreamableFile } from '@nestjs/common';
import { Answers, AnswersSchema, Heading, MachineRef } from '../http/openapi.js';
import { Needs } from '../http/permission.js';
import { Machine } from '../machines/machine.dto.js';
import { KeyboardInput, RunningAdapterChange, ScreenChange, StartMachine, VrdeChanges } from '../machines/requests.dto.js';
import { ConsoleService } from './console.service.js';
import { LifecycleService } from './lifecycle.service.js';

@Heading('run')
@Controller('machines/:ref')
export class RunController {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly console: ConsoleService,
  ) {}

  /** Answers when the machine runs and its remote display listens, or says why not. */
  @Post('start')
  @Needs('machine.run')
  @MachineRef()
  @Answers(200, Machine)
  startMachine(@Param('ref') ref: string, @Body() body: StartMachine): Promise<Machine> {
    return this.lifecycle.start(ref, body);
  }

  @Post('pause')
  @Needs('machine.run')
  @MachineRef()
  @Answers(200, Machine)
  pauseMachine(@Param('ref') ref: string): Promise<Machine> {
    return this.lifecycle.pause(ref);
  }

  @Post('resume')
  @Needs('machine.run')
  @MachineRef()
  @Answers(200, Machine)
  resumeMachine(@Param('ref') ref: string): Promise<Machine> {
    return this.lifecycle.resume(ref);
  }

  @Post('reset')
  @Needs('machine.run')
  @MachineRef()
  @Answers(200, Machine)
  resetMachine(@Param('ref') ref: string): Promise<Machine> {
    return this.lifecycle.reset(ref);
  }

  /** Answers when the machine is off. */
  @Post('power-off')
  @Needs('machine.run')
  @MachineRef()
  @Answers(200, Machine)
  powerOffMachine(@Param('ref') ref: string): Promise<Machine> {
    return this.lifecycle.powerOff(ref);
  }

  @Post('power-button')
  @Needs('machine.run')
  @MachineRef()
  @Answers(200, Machine)
  pressPowerButton(@Param('ref') ref: string): Promise<Machine> {
    return this.lifecycle.powerButton(ref);
  }

  @Post('keyboard')
  @Needs('machine.input')
  @MachineRef()
  @Answers(204)
  typeKeys(@Param('ref') ref: string, @Body() input: KeyboardInput): Promise<void> {
    return this.console.type(ref, input);
  }

  /** Changes the remote display of a running machine, and keeps the change in its settings. */
  @Patch('vrde')
  @Needs('machine.change')
  @MachineRef()
  @Answers(200, Machine)
  changeVrde(@Param('ref') ref: string, @Body() changes: VrdeChanges): Promise<Machine> {
    return this.console.changeVrde(ref, changes);
  }

  /** Plugs the cable of a running machine's network card in or out, and changes its port forwarding rules; both stay in its settings. */
  @Patch('adapters/:slot')
  @Needs('machine.change')
  @MachineRef()
  @Answers(200, Machine)
  changeRunningAdapter(@Param('ref') ref: string, @Param('slot', ParseIntPipe) slot: number, @Body() change: RunningAdapterChange): Promise<Machine> {
    return this.console.changeAdapter(ref, slot, change);
  }

  @Delete('vrde/clients/:id')
  @Needs('machine.run')
  @MachineRef()
  @Answers(204)
  disconnectVrdeClient(@Param('ref') ref: string, @Param('id', ParseIntPipe) id: number): Promise<void> {
    return this.console.disconnectClient(ref, id);
  }

  /** Asks the guest for another size of a screen, and puts it elsewhere beside the others. Nothing of it stays when the machine has ended. */
  @Patch('screens/:screen')
  @Needs('machine.run')
  @MachineRef()
  @Answers(204)
  changeScreen(@Param('ref') ref: string, @Param('screen', ParseIntPipe) screen: number, @Body() change: ScreenChange): Promise<void> {
    return this.console.changeScreen(ref, screen, change);
  }

  @Get('screens/:screen/screenshot')
  @Needs('machine.screen')
  @MachineRef()
  @AnswersSchema(() => ({ 'image/png': { type: 'string', format: 'binary' } }))
  async screenshot(@Param('ref') ref: string, @Param('screen', ParseIntPipe) screen: number): Promise<StreamableFile> {
    return new StreamableFile(await this.console.screenshot(ref, screen), { type: 'image/png' });
  }
}
