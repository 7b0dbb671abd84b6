import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Needs } from '../http/permission.js';
import { OsType } from './ostype.dto.js';
import { osTypes } from './table.js';

@ApiTags('system')
@Controller('ostypes')
export class OsTypesController {
  @Get()
  @Needs('status.read')
  @ApiOkResponse({ type: [OsType] })
  listOsTypes(): readonly OsType[] {
    return osTypes;
  }
}
