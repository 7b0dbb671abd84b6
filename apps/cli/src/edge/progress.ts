/** Progress of long work on standard error, as VirtualBox's commands print it: `0%...10%...` to `100%`. */
import type { Client } from '@belvedere/client';
import type { Output } from './output.js';

/** After how many milliseconds work counts as long. */
const LONG = 250;

/** Prints `0%...` once `work` takes its time, and up to `100%` when it is done. What is refused at once prints nothing. */
export async function withProgress<T>(output: Output, work: Promise<T>): Promise<T> {
  return printed(output, work, new Tens(output));
}

/** As `withProgress`, with each ten per cent as the API tells of it. The events are listened to before the work begins. */
export async function withToldProgress<T>(output: Output, client: Client, uuid: string, work: () => Promise<T>): Promise<T> {
  const tens = new Tens(output);
  const left = new AbortController();
  const events = await client.events(left.signal);
  const listening = (async () => {
    for await (const event of events) if (event.type === 'progress' && event.uuid === uuid) tens.told(event.percent);
  })().catch(() => undefined);
  try {
    return await printed(output, work(), tens);
  } finally {
    left.abort();
    await listening;
  }
}

async function printed<T>(output: Output, work: Promise<T>, tens: Tens): Promise<T> {
  const timer = setTimeout(() => tens.told(0), LONG);
  try {
    const result = await work;
    tens.told(100);
    return result;
  } catch (error) {
    if (tens.begun) output.writeNote('FAILED\n');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Prints each ten per cent once, in order. */
export class Tens {
  private next = 0;

  constructor(private readonly output: Output) {}

  get begun(): boolean {
    return this.next > 0;
  }

  told(percent: number): void {
    while (this.next <= Math.min(percent, 100)) {
      this.output.writeNote(this.next === 100 ? '100%\n' : `${this.next}%...`);
      this.next += 10;
    }
  }
}
