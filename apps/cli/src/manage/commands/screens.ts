/** `controlvm setvideomodehint` and `setscreenlayout`: the sizes of a running machine's screens, and where they stand. */
import type { ScreenChange } from '@belvedere/client';
import { command, UsageError, word, type AnyCommand } from '../../table/command.js';
import { BadValue, choice, whole, type ValueType } from '../../table/value.js';

/** `controlvm` begins it, with the machine; the rest is there where it was given. */
interface Request {
  ref: string;
  screen: number;
  width?: number;
  height?: number;
  on?: 'on' | 'primary' | 'off';
  x?: number;
  y?: number;
}

const fresh = (): Request => ({ ref: '', screen: 0 });
const screenNumber = whole('display', 0, 63);
const pixels = (name: string, example: string): ValueType<number> => whole(name, 1, 65_535, example);

/** A place on the desk, which may be left of or above the first screen. */
const place = (name: string): ValueType<number> => ({
  syntax: `<${name}>`,
  example: ['0'],
  read(words) {
    const typed = words.next(`<${name}>`);
    if (/^-?\d+$/.test(typed) && Math.abs(Number(typed)) <= 32_767) return Number(typed);
    throw new BadValue(`must be a whole number from -32767 to 32767, not '${typed}'`);
  },
});

/** Every screen has 32 bits a pixel, whatever a viewer gets; 0 leaves the choice to the machine. */
const depth: ValueType<number> = {
  ...whole('bpp', 0, 32, '32'),
  read(words) {
    const bits = whole('bpp', 0, 32).read(words);
    if (bits === 0 || bits === 32) return bits;
    throw new BadValue(`must be 32 (or 0, for the usual), not '${bits}'`);
  },
};

const size = ({ width, height }: Request): ScreenChange => (width === undefined || height === undefined ? {} : { size: { width, height } });

export const videoModeHint: AnyCommand = command<Request>({
  name: 'setvideomodehint',
  summary: 'Ask the guest for another size of a screen: a further screen tells its guest when the guest looks, as Linux does when it starts',
  fresh,
  words: [
    word({ value: pixels('xres', '1280'), set: (request: Request, width) => (request.width = width) }),
    word({ value: pixels('yres', '800'), set: (request: Request, height) => (request.height = height) }),
    word({ value: depth, set: () => undefined }),
    word({ value: screenNumber, optional: true, set: (request: Request, screen) => (request.screen = screen) }),
    word({ value: choice(['yes', 'no']), optional: true, set: (request: Request, enabled) => (request.on = enabled === 'yes' ? 'on' : 'off') }),
    word({ value: place('xorigin'), optional: true, set: (request: Request, x) => (request.x = x) }),
    word({ value: place('yorigin'), optional: true, set: (request: Request, y) => (request.y = y) }),
  ],
  check({ x, y }) {
    if ((x === undefined) !== (y === undefined)) throw new UsageError("'setvideomodehint' needs both xorigin and yorigin, or neither");
  },
  async run(request, { client }) {
    const { ref, screen, on, x, y } = request;
    const path = { ref, screen };
    if (on === undefined) return void (await client.request('PATCH /machines/{ref}/screens/{screen}', { path, body: size(request) }));
    const { run } = await client.request('GET /machines/{ref}', { path: { ref } });
    const now = run?.screens[screen];
    await client.request('PATCH /machines/{ref}/screens/{screen}', { path, body: { ...size(request), place: { on: on === 'on', x: x ?? now?.x ?? 0, y: y ?? now?.y ?? 0 } } });
  },
});

export const screenLayout: AnyCommand = command<Request>({
  name: 'setscreenlayout',
  summary: 'Put a screen somewhere beside the others and ask the guest for its size, or switch it off',
  fresh,
  words: [
    word({ value: screenNumber, set: (request: Request, screen) => (request.screen = screen) }),
    word({ value: choice(['on', 'primary', 'off']), set: (request: Request, on) => (request.on = on) }),
    word({ value: place('xorigin'), optional: true, set: (request: Request, x) => (request.x = x) }),
    word({ value: place('yorigin'), optional: true, set: (request: Request, y) => (request.y = y) }),
    word({ value: pixels('xres', '1280'), optional: true, set: (request: Request, width) => (request.width = width) }),
    word({ value: pixels('yres', '800'), optional: true, set: (request: Request, height) => (request.height = height) }),
    word({ value: depth, optional: true, set: () => undefined }),
  ],
  check({ screen, on, x, height }) {
    if (on === 'off' && x !== undefined) throw new UsageError("'setscreenlayout' takes nothing behind off");
    if (on !== 'off' && height === undefined) throw new UsageError(`'setscreenlayout' needs where the screen is and how large: ${on} <xorigin> <yorigin> <xres> <yres> <bpp>`);
    if (on === 'primary' && screen !== 0) throw new UsageError(`'setscreenlayout': screen 0 is the primary one, on which the machine starts; put screen ${screen} 'on'`);
  },
  async run(request, { client }) {
    const { ref, screen, on, x = 0, y = 0 } = request;
    await client.request('PATCH /machines/{ref}/screens/{screen}', { path: { ref, screen }, body: { ...size(request), place: { on: on !== 'off', x, y } } });
  },
});
