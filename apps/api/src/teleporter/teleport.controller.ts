/** Moving a machine that runs. */
import { Body, Controller, Param, Post } from '@nestjs/common';
import { Answers, Heading, MachineRef } from '../http/openapi.js';
import { Needs } from '../http/permission.js';
import { Teleport, Teleported } from './teleport.dto.js';
import { TeleportService } from './teleport.service.js';

@Heading('run')
@Controller('machines/:ref')
export class TeleportController {
  constructor(private readonly moves: TeleportService) {}

  /** Moves a running machine to a target that waits; answers when it runs there. Events of type 'progress' tell how far it is. */
  @Post('teleport')
  @Needs('machine.run')
  @MachineRef()
  @Answers(200, Teleported)
  teleportMachine(@Param('ref') ref: string, @Body() body: Teleport): Promise<Teleported> {
    return this.moves.teleport(ref, body);
  }
}
