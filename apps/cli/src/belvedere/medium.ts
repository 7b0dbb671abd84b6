/** `belvedere medium`: who has an image open, and locks that nobody will release. */
import type { MediumLock } from '@belvedere/client';
import { resolve } from 'node:path';
import type { Context } from '../edge/context.js';
import { type AnyCommand, command, option, word } from '../table/command.js';
import { named } from '../table/value.js';

interface Request {
  file: string;
  yes: boolean;
}

const fresh = (): Request => ({ file: '', yes: false });
const file = word({ value: named('filename', 'disk.vdi'), set: (request: Request, name) => (request.file = resolve(name)) });

const describe = ({ owner, mode, pid, host, life }: MediumLock): string => {
  const lives = { alive: 'it runs', dead: 'it is gone, and its lock counts for nothing', unknown: 'whether it runs cannot be told from here' };
  return `open for ${mode === 'write' ? 'writing' : 'reading'} by ${owner ?? 'an unknown holder'} (process ${pid ?? 'unknown'} on ${host ?? 'an unknown host'}): ${lives[life]}`;
};

const locks = command<Request>({
  name: 'locks',
  summary: 'Who has an image open',
  fresh,
  words: [file],
  options: [],
  async run({ file: ref }, { client, output }: Context) {
    const found = await client.request('GET /media/{ref}/locks', { path: { ref } });
    for (const lock of found) output.line(describe(lock));
    if (found.length === 0) output.line('nobody has it open');
  },
});

const unlock = command<Request>({
  name: 'unlock',
  summary: 'Break the locks that holders on another host, or in another container, left on an image',
  fresh,
  words: [file],
  options: [option({ name: 'yes', help: 'they are gone for good: if one still writes, the image is destroyed', set: (request: Request) => (request.yes = true) })],
  async run({ file: ref, yes }, { client, output }: Context) {
    const found = await client.request('GET /media/{ref}/locks', { path: { ref } });
    if (found.length === 0) return output.line('nobody has it open');
    for (const lock of found) output.line(describe(lock));
    if (!yes) throw new Error(`if a holder still writes while another opens the image, what is in it is lost: make sure that the holder is gone, then type 'belvedere medium unlock --yes ${ref}'`);
    const broken = await client.request('POST /media/{ref}/unlock', { path: { ref } });
    output.line(`${broken.length === 1 ? '1 lock was' : `${broken.length} locks were`} broken`);
  },
});

export const medium: AnyCommand = command<Request>({
  name: 'medium',
  summary: 'Images: who has one open, and locks that nobody will release',
  fresh,
  words: [],
  actions: [locks, unlock],
  run: () => Promise.reject(new Error('medium has only actions')),
});
