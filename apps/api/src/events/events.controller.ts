import { Controller, type MessageEvent, Req, Sse } from '@nestjs/common';
import { Also, AnswersSchema, Heading } from '../http/openapi.js';
import type { IncomingMessage } from 'node:http';
import { Observable } from 'rxjs';
import { callerOf, Needs } from '../http/permission.js';
import { EventHub } from './event-hub.js';
import { JobEvent } from '../jobs/job.dto.js';
import { JudgementEvent, MachineEvent, ProgressEvent, RegistryEvent, VrdeEvent } from './event.dto.js';

const kinds = [MachineEvent, VrdeEvent, ProgressEvent, RegistryEvent, JudgementEvent, JobEvent];

@Heading('events')
@Also(...kinds)
@Controller('events')
export class EventsController {
  constructor(private readonly hub: EventHub) {}

  /** Server-sent events from the moment of the answer's headers on; each `data` is one JSON object. The stream ends with the API, and with the session of a caller who logged in. */
  @Sse()
  @Needs('machine.read')
  @AnswersSchema(({ getSchemaPath }) => ({ 'text/event-stream': { oneOf: kinds.map((event) => ({ $ref: getSchemaPath(event) })) } }))
  watchEvents(@Req() request: IncomingMessage): Observable<MessageEvent> {
    const ended = callerOf(request).session?.ended;
    return new Observable((subscriber) => {
      // Headers go out with the first message: this one tells the client that it misses nothing from here on.
      subscriber.next({ comment: 'listening' });
      const stop = this.hub.onEvent((event) => subscriber.next({ data: event }));
      const complete = (): void => subscriber.complete();
      const end = this.hub.onClose(complete);
      if (ended?.aborted) complete();
      else ended?.addEventListener('abort', complete);
      return () => {
        stop();
        end();
        ended?.removeEventListener('abort', complete);
      };
    });
  }
}
