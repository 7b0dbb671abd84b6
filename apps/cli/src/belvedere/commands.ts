/** The commands of `belvedere`: the API of this host. */
import { NoAnswer, type Status } from '@belvedere/client';
import { setTimeout } from 'node:timers/promises';
import type { Context } from '../edge/context.js';
import { command, option } from '../table/command.js';
import { choice } from '../table/value.js';
import { logins } from './logins.js';
import { medium } from './medium.js';
import { vrde } from './vrde.js';

interface StatusRequest {
  json: boolean;
}

export const status = command<StatusRequest>({
  name: 'status',
  summary: 'Show the API of this host, which is started when it does not run',
  fresh: () => ({ json: false }),
  options: [option({ name: 'json', help: 'as one JSON object', set: (request: StatusRequest) => (request.json = true) })],
  async run({ json }, { client, output }) {
    const found = await client.request('GET /status');
    output.write(json ? `${JSON.stringify(found)}\n` : formatStatus(found));
  },
});

const formatStatus = ({ pid, version, url, home, startedAt, machines }: Status): string =>
  [
    `Belvedere ${version}, process ${pid}, since ${startedAt}`,
    `URL:       ${url}`,
    `Home:      ${home}`,
    `Machines:  ${machines.registered} registered, ${machines.running} running`,
    '',
  ].join('\n');

interface ShutdownRequest {
  machines: 'keep' | 'powerOff' | 'saveState';
}

export const shutdown = command<ShutdownRequest>({
  name: 'shutdown',
  summary: 'Stop the API; machines run on unless they are to be saved or powered off',
  fresh: () => ({ machines: 'keep' }),
  options: [
    option({
      name: 'machines',
      value: choice(['savestate', 'poweroff', 'keep']),
      help: 'keep, the default: the next API finds them; savestate: save their states first; poweroff: power them off first',
      set: (request: ShutdownRequest, choice) => (request.machines = choice === 'poweroff' ? 'powerOff' : choice === 'savestate' ? 'saveState' : 'keep'),
    }),
  ],
  async run(body, { client, output }: Context) {
    try {
      // The stream ends when the API stops; its process, and so its hold on the home, a little later.
      const events = await client.events();
      const { pid } = await client.request('POST /shutdown', { body });
      while (!(await events.next()).done);
      if (client.local) await processEnd(pid);
      output.line('the API has stopped');
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      output.line('the API does not run');
    }
  },
});

/** How long a process that has stopped answering may take to end, in milliseconds. */
const END_LIMIT = 10_000;
const LOOK_EVERY = 10;

/** No event tells of the end of a process that is not one's child. @throws when it does not end in time */
async function processEnd(pid: number): Promise<void> {
  for (let waited = 0; isAlive(pid); waited += LOOK_EVERY) {
    if (waited >= END_LIMIT) throw new Error(`the API's process ${pid} has stopped answering but does not end: its log says why; end it with 'kill ${pid}'`);
    await setTimeout(LOOK_EVERY);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export const events = command<Record<string, never>>({
  name: 'events',
  summary: 'Print what happens to machines and who logs in, one JSON object a line, until the API stops',
  fresh: () => ({}),
  options: [],
  async run(_, { client, output }) {
    for await (const event of await client.events(output.closed)) output.line(JSON.stringify(event));
  },
});

export const commands = [status, shutdown, events, vrde, logins, medium];
