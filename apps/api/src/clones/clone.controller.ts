/** Copies of machines. */
import { Body, Controller, Param, Post } from '@nestjs/common';
import { Answers, Heading, MachineRef } from '../http/openapi.js';
import { Needs } from '../http/permission.js';
import { Job } from '../jobs/job.dto.js';
import { CloneMachine } from './clone.dto.js';
import { CloneService } from './clone.service.js';

@Heading('machines')
@Controller('machines/:ref')
export class CloneController {
  constructor(private readonly clones: CloneService) {}

  /** Begins a job whose result is the copy's UUID. */
  @Post('clone')
  @Needs('machine.create')
  @MachineRef()
  @Answers(202, Job)
  cloneMachine(@Param('ref') ref: string, @Body() body: CloneMachine): Promise<Job> {
    return this.clones.clone(ref, body);
  }
}
