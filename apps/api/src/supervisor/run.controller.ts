/** What is done to a machine that runs, and what starts it. */
import { Body, Controller, Delete, Get, HttpCode, Param, ParseIntPipe, Patch, Post, StreamableFile } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Needs } from '../http/permission.js';
import { Machine } from '../machines/machine.dto.js';
import { Ref } from '../machines/machines.controller.js';
import { KeyboardInput, StartMachine, VrdeChanges } from '../machines/requests.dto.js';
import { ConsoleService } from './console.service.js';
import { LifecycleService } from './lifecycle.service.js';

@ApiTags('run')
@Controller('machines/:ref')
export class RunController {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly console: ConsoleService,
  ) {}

  /** Answers when the machine runs and its remote display listens, or says why not. */
  @Post('start')
  @HttpCode(200)
  @Needs('machine.run')
  @Ref()
  @ApiOkResponse({ type: Machine })
  startMachine(@Param('ref') ref: string, @Body() body: StartMachine): Promise<Machine> {
    return this.lifecycle.start(ref, body);
  }

  @Post('pause')
  @HttpCode(200)
  @Needs('machine.run')
  @Ref()
  @ApiOkResponse({ type: Machine })
  pauseMachine(@Param('ref') ref: string): Promise<Machine> {
    return this.lifecycle.pause(ref);
  }

  @Post('resume')
  @HttpCode(200)
  @Needs('machine.run')
  @Ref()
  @ApiOkResponse({ type: Machine })
  resumeMachine(@Param('ref') ref: string): Promise<Machine> {
    return this.lifecycle.resume(ref);
  }

  @Post('reset')
  @HttpCode(200)
  @Needs('machine.run')
  @Ref()
  @ApiOkResponse({ type: Machine })
  resetMachine(@Param('ref') ref: string): Promise<Machine> {
    return this.lifecycle.reset(ref);
  }

  /** Answers when the machine is off. */
  @Post('power-off')
  @HttpCode(200)
  @Needs('machine.run')
  @Ref()
  @ApiOkResponse({ type: Machine })
  powerOffMachine(@Param('ref') ref: string): Promise<Machine> {
    return this.lifecycle.powerOff(ref);
  }

  @Post('power-button')
  @HttpCode(200)
  @Needs('machine.run')
  @Ref()
  @ApiOkResponse({ type: Machine })
  pressPowerButton(@Param('ref') ref: string): Promise<Machine> {
    return this.lifecycle.powerButton(ref);
  }

  @Post('keyboard')
  @HttpCode(204)
  @Needs('machine.input')
  @Ref()
  @ApiNoContentResponse()
  typeKeys(@Param('ref') ref: string, @Body() input: KeyboardInput): Promise<void> {
    return this.console.type(ref, input);
  }

  /** Changes the remote display of a running machine, and keeps the change in its settings. */
  @Patch('vrde')
  @Needs('machine.change')
  @Ref()
  @ApiOkResponse({ type: Machine })
  changeVrde(@Param('ref') ref: string, @Body() changes: VrdeChanges): Promise<Machine> {
    return this.console.changeVrde(ref, changes);
  }

  @Delete('vrde/clients/:id')
  @HttpCode(204)
  @Needs('machine.run')
  @Ref()
  @ApiNoContentResponse()
  disconnectVrdeClient(@Param('ref') ref: string, @Param('id', ParseIntPipe) id: number): Promise<void> {
    return this.console.disconnectClient(ref, id);
  }

  @Get('screens/:screen/screenshot')
  @Needs('machine.screen')
  @Ref()
  @ApiProduces('image/png')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async screenshot(@Param('ref') ref: string, @Param('screen', ParseIntPipe) screen: number): Promise<StreamableFile> {
    return new StreamableFile(await this.console.screenshot(ref, screen), { type: 'image/png' });
  }
}
