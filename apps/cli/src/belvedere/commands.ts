/** The commands of `belvedere`: the API of this host. */
import { NoAnswer, type Status } from '@belvedere/client';
import type { Context } from '../edge/context.js';
import { command, option } from '../table/command.js';
import { choice } from '../table/value.js';

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
  machines: 'keep' | 'powerOff';
}

export const shutdown = command<ShutdownRequest>({
  name: 'shutdown',
  summary: 'Stop the API; machines run on unless they are to be powered off',
  fresh: () => ({ machines: 'keep' }),
  options: [
    option({
      name: 'machines',
      value: choice(['poweroff', 'keep']),
      help: 'keep, the default: the next API finds them; poweroff: power them off first',
      set: (request: ShutdownRequest, choice) => (request.machines = choice === 'poweroff' ? 'powerOff' : 'keep'),
    }),
  ],
  async run(body, { client, output }: Context) {
    try {
      // The stream ends when the API does.
      const events = await client.events();
      await client.request('POST /shutdown', { body });
      while (!(await events.next()).done);
      output.line('the API has stopped');
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      output.line('the API does not run');
    }
  },
});

export const events = command<Record<string, never>>({
  name: 'events',
  summary: 'Print what happens to machines, one JSON object a line, until the API stops',
  fresh: () => ({}),
  options: [],
  async run(_, { client, output }) {
    for await (const event of await client.events(output.closed)) output.line(JSON.stringify(event));
  },
});

export const commands = [status, shutdown, events];
