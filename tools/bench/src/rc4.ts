/**
 * How fast RC4 is on one core, beside what one packet of Standard RDP Security costs with it.
 *
 * Run: `node dist/rc4.js [--seconds 2]`. Prints MB (10^6 bytes) for each second of processor time, so that other programs on the machine
 * do not count. Every output is verified: the stream against [RFC6229], and each packet by the other side, which checks its MAC.
 */
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ENCRYPTION_LEVEL, ENCRYPTION_METHOD, Rc4, standardLayer } from '@belvedere/rdp/testing';

export interface Figure {
  readonly what: string;
  readonly megabytesPerSecond: number;
}

/** Sizes of packets, in bytes: a key press, a small update, and what fills an MCS payload. */
const PACKET_SIZES = [16, 1024, 16_000] as const;

/** [RFC6229] 2: the stream of key 0102030405060708090a0b0c0d0e0f10 at offset 4096. */
const KEY = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
const STREAM_AT_4096 = 'a36a4c301ae8ac13610ccbc12256cacc';

/** Milliseconds of processor time that this process has used. */
const processorTime = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Runs `round`, which handles `bytes` bytes, for about `milliseconds` of processor time. */
function measure(what: string, bytes: number, milliseconds: number, round: () => void): Figure {
  for (let warm = 0; warm < 3; warm++) round();
  const start = processorTime();
  let rounds = 0;
  let elapsed = 0;
  while (elapsed < milliseconds) {
    round();
    rounds++;
    elapsed = processorTime() - start;
  }
  return { what, megabytesPerSecond: (rounds * bytes) / elapsed / 1000 };
}

function cipher(milliseconds: number): Figure {
  const stream = new Rc4(KEY).apply(new Uint8Array(4112));
  const found = Buffer.from(stream.subarray(4096)).toString('hex');
  if (found !== STREAM_AT_4096) throw new Error(`RC4 is wrong: ${found} instead of ${STREAM_AT_4096} at offset 4096`);

  const plain = Buffer.alloc(1 << 20, 'a picture of the guest ');
  const output = new Uint8Array(plain.length);
  const rc4 = new Rc4(KEY);
  const twin = new Rc4(KEY);
  const back = new Uint8Array(plain.length);
  let rounds = 0;
  const figure = measure('RC4', plain.length, milliseconds, () => {
    rc4.apply(plain, output);
    rounds++;
  });
  // The same number of rounds on the other side: only then do both stand at the same place.
  for (let n = 1; n < rounds; n++) twin.apply(plain, back);
  twin.apply(output, back);
  if (!plain.equals(back)) throw new Error(`RC4 is wrong: round ${rounds} does not decipher`);
  return figure;
}

function packets(size: number, milliseconds: number): Figure {
  const settings = {
    method: ENCRYPTION_METHOD['128BIT'],
    level: ENCRYPTION_LEVEL.HIGH,
    clientRandom: new Uint8Array(32).fill(1),
    serverRandom: new Uint8Array(32).fill(2),
    peerReadsEncryptedLicensing: false,
  };
  const server = standardLayer({ ...settings, side: 'server' });
  const client = standardLayer({ ...settings, side: 'client' });
  const payload = Buffer.alloc(size, 'an update ');
  return measure(`128-bit RC4, ${size}-byte packets with their MACs, sealed and opened`, size, milliseconds, () => {
    const { encryptionFlags, body } = server.wrapFastPath(payload);
    if (!payload.equals(client.unwrapFastPath(encryptionFlags, body))) throw new Error('a packet arrived changed');
  });
}

/** All figures. @param milliseconds for each */
export const figures = (milliseconds: number): Figure[] => [cipher(milliseconds), ...PACKET_SIZES.map((size) => packets(size, milliseconds))];

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '2' } } });
  const seconds = Number(values.seconds);
  if (!(seconds > 0 && seconds <= 600)) throw new RangeError(`--seconds ${values.seconds}: give a number above 0, at most 600`);
  for (const { what, megabytesPerSecond } of figures(1000 * seconds)) console.log(`${megabytesPerSecond.toFixed(0).padStart(6)} MB/s  ${what}`);
}
