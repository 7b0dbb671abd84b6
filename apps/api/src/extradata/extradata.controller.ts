import { Body, Controller, Get, HttpCode, Param, Put } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Needs } from '../http/permission.js';
import { Ref } from '../machines/machines.controller.js';
import { ExtraDataValue } from './extradata.dto.js';
import { ExtraDataService } from './extradata.service.js';

const TextMapAnswer = (): MethodDecorator => ApiOkResponse({ schema: { type: 'object', additionalProperties: { type: 'string' } } });

@ApiTags('extradata')
@Controller()
export class ExtraDataController {
  constructor(private readonly extraData: ExtraDataService) {}

  @Get('extradata')
  @Needs('machine.read')
  @TextMapAnswer()
  getGlobalExtraData(): Promise<Record<string, string>> {
    return this.extraData.global();
  }

  @Put('extradata/:key')
  @HttpCode(204)
  @Needs('system.change')
  @ApiNoContentResponse()
  setGlobalExtraData(@Param('key') key: string, @Body() { value }: ExtraDataValue): Promise<void> {
    return this.extraData.setGlobal(key, value);
  }

  @Get('machines/:ref/extradata')
  @Needs('machine.read')
  @Ref()
  @TextMapAnswer()
  getMachineExtraData(@Param('ref') ref: string): Promise<Record<string, string>> {
    return this.extraData.ofMachine(ref);
  }

  @Put('machines/:ref/extradata/:key')
  @HttpCode(204)
  @Needs('machine.change')
  @Ref()
  @ApiNoContentResponse()
  setMachineExtraData(@Param('ref') ref: string, @Param('key') key: string, @Body() { value }: ExtraDataValue): Promise<void> {
    return this.extraData.setOfMachine(ref, key, value);
  }
}
