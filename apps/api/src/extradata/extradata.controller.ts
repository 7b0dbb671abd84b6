import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { Answers, AnswersSchema, Heading, MachineRef } from '../http/openapi.js';
import { Needs } from '../http/permission.js';
import { ExtraDataValue } from './extradata.dto.js';
import { ExtraDataService } from './extradata.service.js';

const TextMapAnswer = (): MethodDecorator => AnswersSchema(() => ({ 'application/json': { type: 'object', additionalProperties: { type: 'string' } } }));

@Heading('extradata')
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
  @Needs('system.change')
  @Answers(204)
  setGlobalExtraData(@Param('key') key: string, @Body() { value }: ExtraDataValue): Promise<void> {
    return this.extraData.setGlobal(key, value);
  }

  @Get('machines/:ref/extradata')
  @Needs('machine.read')
  @MachineRef()
  @TextMapAnswer()
  getMachineExtraData(@Param('ref') ref: string): Promise<Record<string, string>> {
    return this.extraData.ofMachine(ref);
  }

  @Put('machines/:ref/extradata/:key')
  @Needs('machine.change')
  @MachineRef()
  @Answers(204)
  setMachineExtraData(@Param('ref') ref: string, @Param('key') key: string, @Body() { value }: ExtraDataValue): Promise<void> {
    return this.extraData.setOfMachine(ref, key, value);
  }
}
