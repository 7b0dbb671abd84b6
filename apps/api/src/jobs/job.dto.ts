/** What the API says of long work. */
import { Nested, OneOf, Text, Whole } from '../http/fields.js';
import { Problem } from '../http/problem.dto.js';

export const jobKinds = ['clone', 'resize', 'compact', 'move'] as const;
export type JobKind = (typeof jobKinds)[number];

export const jobStates = ['running', 'done', 'failed', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

export class Job {
  @Text({ format: 'uuid' }) id: string;
  @OneOf(jobKinds) kind: JobKind;
  @Text({ doc: 'what is worked on, such as an image' }) subject: string;
  @OneOf(jobStates) state: JobState;
  @Whole({ max: 100 }) percent: number;
  @Text({ format: 'date-time' }) startedAt: string;
  @Text({ format: 'date-time', nullable: true }) endedAt: string | null;
  @Text({ format: 'uuid', nullable: true, doc: 'of what was made or changed, once the job is done' }) result: string | null;
  @Nested(() => Problem, { nullable: true, doc: 'why the job failed' }) problem: Problem | null;
}

/** A job has begun, comes on, or has ended. */
export class JobEvent {
  @OneOf(['job']) type: 'job';
  @Nested(() => Job) job: Job;
}
