/** The notice: what is drawn of its texts and its bar, and that it tells what is new. */
import { expect, test } from '@jest/globals';
import { NoticeScreen } from './notice.js';

const count = ({ pixels }: NoticeScreen, colour: number): number => new Uint32Array(pixels.buffer).filter((pixel) => pixel === colour).length;
const [GROUND, TITLE, TEXT, DONE] = [0x24323c, 0xffffff, 0xc4d0d8, 0x2f78c0];

test('a title, lines, and a bar that grows', () => {
  const screen = new NoticeScreen({ title: 'A machine', lines: ['one line'] });
  expect([count(screen, TITLE) > 0, count(screen, TEXT) > 0, count(screen, DONE)]).toEqual([true, true, 0]);
  screen.takeDamage();
  let told = 0;
  screen.onDamage(() => told++);
  screen.show({ title: 'A machine', lines: [], percent: 50 });
  const half = count(screen, DONE);
  expect([told, count(screen, TEXT), screen.takeDamage()]).toEqual([1, 0, [{ x: 0, y: 0, width: screen.width, height: screen.height }]]);
  screen.show({ title: 'A machine', lines: [], percent: 100 });
  expect(count(screen, DONE)).toBe(2 * half);
});

test('whatever it is told stays inside', () => {
  const long = 'wide '.repeat(500);
  const screen = new NoticeScreen({ title: long, lines: Array<string>(20).fill(long), percent: 1000 });
  const pixels = new Uint32Array(screen.pixels.buffer);
  for (let y = 0; y < screen.height; y++) for (const x of [0, 1, screen.width - 2, screen.width - 1]) expect(pixels[y * screen.width + x]).toBe(GROUND);
  expect([...pixels.subarray(0, screen.width), ...pixels.subarray(-screen.width)].every((pixel) => pixel === GROUND)).toBe(true);
});

test.each([[1, 1], [7, 300], [64, 48], [200, 150], [640, 480], [1920, 1200]])('on a screen of %d by %d pixels', (width, height) => {
  const screen = new NoticeScreen({ title: 'A machine with a long name', lines: ['one line', 'another line'], percent: 30 }, { width, height });
  expect([screen.width, screen.height, screen.pixels.length]).toEqual([width, height, 4 * width * height]);
  const colours = new Set(new Uint32Array(screen.pixels.buffer));
  expect(colours.has(GROUND)).toBe(true);
  expect(colours.has(TEXT)).toBe(width > 1);
});
