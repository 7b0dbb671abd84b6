import { Body, Controller, Delete, Get, Param, ParseBoolPipe, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { HttpCode } from '@nestjs/common';
import { Needs } from '../http/permission.js';
import { Machine, MachineSummary } from './machine.dto.js';
import { MachinesService } from './machines.service.js';
import { CreateMachine, MachineChanges, RegisterMachine } from './requests.dto.js';
import { SettingsService } from './settings.service.js';

export const Ref = (): MethodDecorator => ApiParam({ name: 'ref', type: String, description: "the machine's name or UUID" });

@ApiTags('machines')
@Controller('machines')
export class MachinesController {
  constructor(
    private readonly machines: MachinesService,
    private readonly settings: SettingsService,
  ) {}

  @Get()
  @Needs('machine.read')
  @ApiQuery({ name: 'state', enum: ['running'], required: false, description: 'running: only machines that are on' })
  @ApiOkResponse({ type: [MachineSummary] })
  listMachines(@Query('state') state?: string): Promise<MachineSummary[]> {
    return this.machines.list(state);
  }

  @Post()
  @Needs('machine.create')
  @ApiCreatedResponse({ type: Machine })
  createMachine(@Body() body: CreateMachine): Promise<Machine> {
    return this.machines.create(body);
  }

  @Post('register')
  @Needs('machine.create')
  @ApiCreatedResponse({ type: Machine })
  registerMachine(@Body() body: RegisterMachine): Promise<Machine> {
    return this.machines.register(body.settingsFile);
  }

  @Get(':ref')
  @Needs('machine.read')
  @Ref()
  @ApiOkResponse({ type: Machine })
  getMachine(@Param('ref') ref: string): Promise<Machine> {
    return this.machines.get(ref);
  }

  @Patch(':ref')
  @Needs('machine.change')
  @Ref()
  @ApiOkResponse({ type: Machine })
  changeMachine(@Param('ref') ref: string, @Body() changes: MachineChanges): Promise<Machine> {
    return this.settings.change(ref, changes);
  }

  @Delete(':ref')
  @HttpCode(204)
  @Needs('machine.delete')
  @Ref()
  @ApiQuery({ name: 'delete', type: Boolean, required: false, description: 'true: its files too, and the images that no other machine uses' })
  @ApiNoContentResponse()
  async unregisterMachine(@Param('ref') ref: string, @Query('delete', new ParseBoolPipe({ optional: true })) files?: boolean): Promise<void> {
    await this.machines.unregister(ref, files ?? false);
  }
}
