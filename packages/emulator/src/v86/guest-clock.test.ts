import { expect, test } from '@jest/globals';
import { GuestClock } from './guest-clock.js';

test('stands still in a pause, and makes up for what it is told to by going twice as fast', () => {
  let host = 1000;
  const clock = new GuestClock(() => host);
  clock.standAt(50);
  host = 1500;
  expect(clock.now()).toBe(50);
  clock.go(200);
  expect([clock.now(), clock.rate]).toEqual([50, 2]);
  host += 100;
  expect([clock.now(), clock.rate]).toEqual([250, 2]);
  // What is not made up for yet waits in a pause.
  clock.stop();
  expect(clock.behind).toBe(100);
  host += 1000;
  expect([clock.now(), clock.behind]).toEqual([250, 1100]);
  clock.go(400);
  host += 400;
  expect([clock.now(), clock.rate]).toEqual([1050, 1]);
  host += 10;
  expect(clock.now()).toBe(1060);
});

test('nothing is made up for by a clock that lost nothing', () => {
  let host = 0;
  const clock = new GuestClock(() => host);
  clock.stop();
  host = 30;
  clock.go();
  host = 50;
  expect([clock.now(), clock.rate]).toEqual([20, 1]);
});

test('a pause that is not made up for leaves what was to be made up for before it', () => {
  let host = 0;
  const clock = new GuestClock(() => host);
  clock.standAt(0);
  clock.go(100);
  host += 40;
  clock.stop();
  host += 1000;
  clock.go();
  expect([clock.now(), clock.behind]).toEqual([80, 60]);
  host += 60;
  expect([clock.now(), clock.behind, clock.rate]).toEqual([200, 0, 1]);
});
