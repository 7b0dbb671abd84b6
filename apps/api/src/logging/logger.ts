/** The API's log: one JSON object a line, by pino, behind the framework's own interface. Nothing of a request's body or headers is ever in it. */
import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';

/** What the framework says of its own start is of no use to an administrator. */
const chatter = ['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication'];

export class ApiLogger implements LoggerService {
  private readonly pino = pino({ base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 1, sync: true }));

  log(message: unknown, context?: string): void {
    if (!chatter.includes(context ?? '')) this.pino.info({ context }, String(message));
  }

  warn(message: unknown, context?: string): void {
    this.pino.warn({ context }, String(message));
  }

  error(message: unknown, ...details: unknown[]): void {
    const [stack, context] = details.length > 1 ? details : [undefined, details[0]];
    this.pino.error({ context, stack }, String(message));
  }

  fatal(message: unknown, context?: string): void {
    this.pino.fatal({ context }, String(message));
  }
}
