import { Controller, Delete, Get, Param } from '@nestjs/common';
import { Answers, Heading, InPath } from '../http/openapi.js';
import { Needs } from '../http/permission.js';
import { Job } from './job.dto.js';
import { JobsService } from './jobs.service.js';

const JobId = (): MethodDecorator => InPath('id', "the job's UUID");

@Heading('jobs')
@Controller('jobs')
export class JobsController {
  constructor(private readonly jobs: JobsService) {}

  @Get()
  @Needs('jobs.read')
  @Answers(200, [Job])
  listJobs(): Job[] {
    return this.jobs.list();
  }

  @Get(':id')
  @Needs('jobs.read')
  @JobId()
  @Answers(200, Job)
  getJob(@Param('id') id: string): Job {
    return this.jobs.get(id);
  }

  /** Cancels a job that runs; its end is an event. */
  @Delete(':id')
  @Needs('jobs.cancel')
  @JobId()
  @Answers(202, Job)
  cancelJob(@Param('id') id: string): Job {
    return this.jobs.cancel(id);
  }
}
