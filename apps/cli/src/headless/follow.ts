/** Runs a machine and stays until it is off. Events only say when to look; what is true is asked for. */
import { ApiError, type ApiEvent, type Client, type Machine, type StartMachine } from '@belvedere/client';
import type { Output } from '../edge/output.js';

/** Registers a listener for the signals that ask a program to end; returns how to take it back. */
export type OnStop = (listener: () => void) => () => void;

export interface Ended {
  /** Why the machine ended, where it did not end well. */
  readonly problem?: string;
}

/**
 * Starts the machine, prints what its remote display does, and resolves when this run of it has ended.
 * A stop signal saves the machine's state; a second one leaves it behind.
 */
export async function follow(client: Client, ref: string, start: StartMachine, output: Output, onStop: OnStop): Promise<Ended> {
  const { uuid } = await client.request('GET /machines/{ref}', { path: { ref } });
  const target = { path: { ref: uuid } };
  const left = new AbortController();
  let stops = 0;
  let started = false;
  const stop = (): void => {
    stops++;
    if (stops > 1) left.abort();
    // A machine that is off already has nothing to stop; any other refusal shows in what the machine does next.
    else if (started) client.request('POST /machines/{ref}/save-state', target).catch((error: unknown) => output.note(`could not save the machine's state: ${String((error as Error).message)}`));
  };
  const forget = onStop(stop);
  try {
    let events = await client.events(left.signal);
    const machine = await client.request('POST /machines/{ref}/start', { ...target, body: start });
    started = true;
    if (stops > 0) {
      stops = 0;
      stop();
    }
    const display = new Display(output);
    const first = machine.run;
    let ended = look(machine);
    for (;;) {
      while (!ended) {
        const { done, value } = await events.next();
        if (done) break;
        const event = value as ApiEvent;
        if ('uuid' in event && event.uuid === uuid) ended = look(await now());
      }
      if (ended) return ended;
      if (left.signal.aborted) return { problem: 'left the machine as it is' };
      // The API went away and the machine did not: ask the next one.
      events = await client.events(left.signal);
      ended = look(await now());
    }

    function look(seen: Machine | undefined): Ended | undefined {
      const over = seen?.run?.pid !== first?.pid || seen?.state === 'poweroff' || seen?.state === 'saved' || seen?.state === 'aborted';
      display.show(over ? undefined : seen?.run?.vrde);
      if (!over) return undefined;
      return seen?.state === 'aborted' ? { problem: seen.stateReason ?? 'the machine was aborted' } : {};
    }
  } finally {
    forget();
    left.abort();
  }

  /** The machine as it is; nothing when it is not registered any more. */
  async function now(): Promise<Machine | undefined> {
    try {
      return await client.request('GET /machines/{ref}', target);
    } catch (error) {
      if (error instanceof ApiError && error.code === 'VBOX_E_OBJECT_NOT_FOUND') return undefined;
      throw error;
    }
  }
}

/** Says what the remote display does, each change once. */
class Display {
  private port: number | null = null;
  private problem: string | undefined;
  constructor(private readonly output: Output) {}

  show(vrde: { readonly port: number | null; readonly problem?: string } | undefined): void {
    const port = vrde?.port ?? null;
    if (port !== this.port) this.output.line(port === null ? 'VRDE server is inactive.' : `VRDE server is listening on port ${port}.`);
    if (vrde?.problem !== undefined && vrde.problem !== this.problem) {
      this.output.line('VRDE server failed to start.');
      this.output.note(vrde.problem);
    }
    this.port = port;
    this.problem = vrde?.problem;
  }
}
