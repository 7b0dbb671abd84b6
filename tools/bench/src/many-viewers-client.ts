/** Viewers in a process of their own, for many-viewers.ts: notes when each has seen which frame. Arguments: port, password, how many. */
import { RdpClient } from '@belvedere/rdp/client';
import { HEIGHT, MARK, markOf, WIDTH } from './screen.js';

/** What a viewer saw: frame and time (milliseconds of the epoch) by turns. */
export type Sighting = readonly [frame: number, time: number];
/** To the benchmark: all are connected; what each has seen since the last question. */
export type Report = { readonly ready: true } | { readonly seen: readonly Sighting[][] };

const FRAMES = 100_000;
const [port, password, count] = [Number(process.argv[2]), process.argv[3]!, Number(process.argv[4])];
const frames = new Map(Array.from({ length: FRAMES }, (_unused, frame) => [markOf(frame), frame]));
const say = (report: Report): void => void process.send!(report);

let seen: Sighting[][] = Array.from({ length: count }, () => []);
const clients = seen.map((_unused, viewer) => {
  const client = new RdpClient({ port, password, width: WIDTH, height: HEIGHT, bitsPerPixel: 24 });
  client.on('update', () => {
    const frame = frames.get(client.framebuffer.at(MARK.x + 8, MARK.y + 8));
    if (frame !== undefined && frame !== seen[viewer]!.at(-1)?.[0]) seen[viewer]!.push([frame, performance.timeOrigin + performance.now()]);
  });
  client.on('closed', (reason) => {
    console.error(`a viewer was closed: ${reason}`);
    process.exit(1);
  });
  return client;
});
process.on('message', () => {
  say({ seen });
  seen = seen.map(() => []);
});
process.on('disconnect', () => process.exit(0));
await Promise.all(clients.map((client) => client.active()));
say({ ready: true });
