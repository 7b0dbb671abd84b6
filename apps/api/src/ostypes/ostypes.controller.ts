import { Controller, Get } from '@nestjs/common';
import { Answers, Heading } from '../http/openapi.js';
import { Needs } from '../http/permission.js';
import { OsType } from './ostype.dto.js';
import { osTypes } from './table.js';

@Heading('system')
@Controller('ostypes')
export class OsTypesController {
  @Get()
  @Needs('status.read')
  @Answers(200, [OsType])
  listOsTypes(): readonly OsType[] {
    return osTypes;
  }
}
