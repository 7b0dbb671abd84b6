import { expect, test } from '@jest/globals';
import type { Feature } from '@belvedere/rdp';
import { permitted } from './switches.js';

const all: [string, Feature][] = [
  ['Client/DisableDisplay', 'display'], ['Client/DisableInput', 'input'], ['Client/DisableAudio', 'audio'], ['Client/DisableUpstreamAudio', 'upstreamAudio'],
  ['Client/DisableClipboard', 'clipboard'], ['Client/DisableUSB', 'usb'], ['Client/DisableRDPDR', 'deviceRedirection'],
];

test.each(all)('%s switches %s off, and nothing else', (name, feature) => {
  for (const [properties, on] of [[{}, true], [{ [name]: '0' }, true], [{ [name]: '1' }, false], [{ [name]: 'whatever' }, false]] as const) {
    for (const [, each] of all) expect(permitted({ properties }, each)).toBe(each === feature ? on : true);
  }
});

test('a channel without a name that is known is permitted by nothing; the carrier of others is', () => {
  expect(permitted({ properties: {} }, 'otherChannels')).toBe(false);
  expect(permitted({ properties: {} }, 'dynamicChannels')).toBe(true);
});
