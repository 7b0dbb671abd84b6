/** What the running API knows of itself, given to the services that need it. */
import type { Home } from './home.js';

export abstract class ApiContext {
  abstract readonly home: Home;
  abstract readonly startedAt: Date;
  /** Of the TCP door; empty until it is open. */
  abstract readonly url: string;
  /** Program of a machine's process. */
  abstract readonly machineProgram: string;
  /** Stops the API once the answer in progress is sent. Machines go on. */
  abstract stop(): void;
}
