import { Body, Controller, Delete, Get, Param, ParseBoolPipe, Patch, Post, Query } from '@nestjs/common';
import { Answers, Heading, InQuery, MachineRef } from '../http/openapi.js';
import { Needs } from '../http/permission.js';
import { Machine, MachineSummary } from './machine.dto.js';
import { MachinesService } from './machines.service.js';
import { CreateMachine, MachineChanges, RegisterMachine } from './requests.dto.js';
import { SettingsService } from './settings.service.js';

@Heading('machines')
@Controller('machines')
export class MachinesController {
  constructor(
    private readonly machines: MachinesService,
    private readonly settings: SettingsService,
  ) {}

  @Get()
  @Needs('machine.read')
  @InQuery('state', { enum: ['running'] }, 'running: only machines that are on')
  @Answers(200, [MachineSummary])
  listMachines(@Query('state') state?: string): Promise<MachineSummary[]> {
    return this.machines.list(state);
  }

  @Post()
  @Needs('machine.create')
  @Answers(201, Machine)
  createMachine(@Body() body: CreateMachine): Promise<Machine> {
    return this.machines.create(body);
  }

  @Post('register')
  @Needs('machine.create')
  @Answers(201, Machine)
  registerMachine(@Body() body: RegisterMachine): Promise<Machine> {
    return this.machines.register(body.settingsFile);
  }

  @Get(':ref')
  @Needs('machine.read')
  @MachineRef()
  @Answers(200, Machine)
  getMachine(@Param('ref') ref: string): Promise<Machine> {
    return this.machines.get(ref);
  }

  @Patch(':ref')
  @Needs('machine.change')
  @MachineRef()
  @Answers(200, Machine)
  changeMachine(@Param('ref') ref: string, @Body() changes: MachineChanges): Promise<Machine> {
    return this.settings.change(ref, changes);
  }

  @Delete(':ref')
  @Needs('machine.delete')
  @MachineRef()
  @InQuery('delete', { type: Boolean }, 'true: its files too, and the disks that no other machine uses')
  @Answers(204)
  async unregisterMachine(@Param('ref') ref: string, @Query('delete', new ParseBoolPipe({ optional: true })) files?: boolean): Promise<void> {
    await this.machines.unregister(ref, files ?? false);
  }
}
