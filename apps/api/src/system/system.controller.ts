import { Body, Controller, Get, Patch, Post } from '@nestjs/common';
import { Answers, Heading } from '../http/openapi.js';
import { Needs } from '../http/permission.js';
import { StatusService } from './status.service.js';
import { Health, Shutdown, Status, SystemProperties, SystemPropertyChanges } from './system.dto.js';
import { SystemPropertiesService } from './system-properties.service.js';

@Heading('system')
@Controller()
export class SystemController {
  constructor(
    private readonly status: StatusService,
    private readonly properties: SystemPropertiesService,
  ) {}

  @Get('health')
  @Needs('anyone')
  @Answers(200, Health)
  getHealth(): Health {
    return { status: 'ok' };
  }

  @Get('status')
  @Needs('status.read')
  @Answers(200, Status)
  getStatus(): Promise<Status> {
    return this.status.read();
  }

  /** Answers first, then the API stops; with 'powerOff' or 'saveState' it answers when the machines are off or saved. */
  @Post('shutdown')
  @Needs('system.shutdown')
  @Answers(202, Status)
  shutdown(@Body() body: Shutdown): Promise<Status> {
    return this.status.shutdown(body.machines);
  }

  @Get('system-properties')
  @Needs('status.read')
  @Answers(200, SystemProperties)
  getSystemProperties(): Promise<SystemProperties> {
    return this.properties.read();
  }

  @Patch('system-properties')
  @Needs('system.change')
  @Answers(200, SystemProperties)
  changeSystemProperties(@Body() changes: SystemPropertyChanges): Promise<SystemProperties> {
    return this.properties.change(changes);
  }
}
