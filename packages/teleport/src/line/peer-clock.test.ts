import { expect, test } from '@jest/globals';
import { PeerClock } from './peer-clock.js';

test("the peer's clock is known to half of what the shortest exchange took", () => {
  const peer = new PeerClock();
  // It is 1000 ahead; the answers were under way for 30 and 10, 1 and 1, 40 and 0.
  peer.measured(100, 140, 1130);
  expect([peer.at(200), peer.doubt]).toEqual([1210, 20]);
  peer.measured(200, 202, 1201);
  peer.measured(300, 340, 1340);
  expect([peer.at(400), peer.doubt]).toEqual([1400, 1]);
});
