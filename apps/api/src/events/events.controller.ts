import { Controller, type MessageEvent, Sse } from '@nestjs/common';
import { Also, AnswersSchema, Heading } from '../http/openapi.js';
import { Observable } from 'rxjs';
import { Needs } from '../http/permission.js';
import { EventHub } from './event-hub.js';
import { MachineEvent, RegistryEvent, VrdeEvent } from './event.dto.js';

@Heading('events')
@Also(MachineEvent, VrdeEvent, RegistryEvent)
@Controller('events')
export class EventsController {
  constructor(private readonly hub: EventHub) {}

  /** Server-sent events from the moment of the answer's headers on; each `data` is one JSON object. */
  @Sse()
  @Needs('machine.read')
  @AnswersSchema(({ getSchemaPath }) => ({ 'text/event-stream': { oneOf: [MachineEvent, VrdeEvent, RegistryEvent].map((event) => ({ $ref: getSchemaPath(event) })) } }))
  watchEvents(): Observable<MessageEvent> {
    return new Observable((subscriber) => {
      // Headers go out with the first message: this one tells the client that it misses nothing from here on.
      subscriber.next({ comment: 'listening' });
      const stop = this.hub.onEvent((event) => subscriber.next({ data: event }));
      const end = this.hub.onClose(() => subscriber.complete());
      return () => {
        stop();
        end();
      };
    });
  }
}
