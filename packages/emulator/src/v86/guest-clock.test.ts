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
  host += 1000;
  expect(clock.now()).toBe(250);
  clock.go(300);
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
