import { Body, Controller, Get, HttpCode, Patch, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Needs } from '../http/permission.js';
import { StatusService } from './status.service.js';
import { Health, Shutdown, Status, SystemProperties, SystemPropertyChanges } from './system.dto.js';
import { SystemPropertiesService } from './system-properties.service.js';

@ApiTags('system')
@Controller()
export class SystemController {
  constructor(
    private readonly status: StatusService,
    private readonly properties: SystemPropertiesService,
  ) {}

  @Get('health')
  @Needs('anyone')
  @ApiOkResponse({ type: Health })
  getHealth(): Health {
    return { status: 'ok' };
  }

  @Get('status')
  @Needs('status.read')
  @ApiOkResponse({ type: Status })
  getStatus(): Promise<Status> {
    return this.status.read();
  }

  /** Answers first, then the API stops; with 'powerOff' it answers when the machines are off. */
  @Post('shutdown')
  @HttpCode(202)
  @Needs('system.shutdown')
  @ApiAcceptedResponse({ type: Status })
  shutdown(@Body() body: Shutdown): Promise<Status> {
    return this.status.shutdown(body.machines);
  }

  @Get('system-properties')
  @Needs('status.read')
  @ApiOkResponse({ type: SystemProperties })
  getSystemProperties(): Promise<SystemProperties> {
    return this.properties.read();
  }

  @Patch('system-properties')
  @Needs('system.change')
  @ApiOkResponse({ type: SystemProperties })
  changeSystemProperties(@Body() changes: SystemPropertyChanges): Promise<SystemProperties> {
    return this.properties.change(changes);
  }
}
