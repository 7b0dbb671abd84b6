/** What strangers may send before NTLM has judged them: any bytes end in an error of the two kinds or a refusal, and never in a login. */
import { describe, jest, test } from '@jest/globals';
import { encode, WireError } from '@belvedere/wire';
import fc from 'fast-check';
import { ProtocolError } from '../errors.js';
import { credSspServer, type CredSspStep } from './credssp.js';
import { ntHash } from './ntlm-keys.js';
import { writeNegotiate } from './ntlm-messages.js';
import { NegTokenResp, NTLMSSP, writeOffer } from './spnego.js';
import { TSRequest, tsRequestLength } from './tsrequest.js';

// Thousands of runs, on machines that may be busy.
jest.setTimeout(60_000);

const start = (): ((bytes: Uint8Array) => Promise<CredSspStep>) =>
  credSspServer({ publicKey: new Uint8Array(270), computerName: 'host', now: () => 0, ntHash: async () => ntHash('secret') });

async function harmless(run: () => unknown): Promise<void> {
  try {
    const step = (await run()) as CredSspStep | undefined;
    if (step?.state === 'authenticated') throw new Error('a stranger got in');
  } catch (error) {
    if (!(error instanceof WireError || error instanceof ProtocolError)) throw error;
  }
}

const request = (negoToken: Uint8Array, version = 6): Uint8Array => encode(TSRequest, { version, negoTokens: [{ negoToken }] });
const negotiate = writeNegotiate(0xe2888235);
const first = request(writeOffer([NTLMSSP], negotiate));
const anyBytes = fc.uint8Array({ maxLength: 400 });

describe('any bytes', () => {
  test('as a stream', async () => {
    await fc.assert(fc.asyncProperty(anyBytes, (bytes) => harmless(() => void tsRequestLength(bytes))), { numRuns: 3000 });
  });

  test('as the first TSRequest, as its token, as its NTLM message', async () => {
    const token = (bytes: Uint8Array): Uint8Array[] => [bytes, request(bytes), request(writeOffer([NTLMSSP], bytes)), request(Buffer.concat([negotiate.subarray(0, 12), bytes]))];
    await fc.assert(
      fc.asyncProperty(anyBytes, async (bytes) => {
        for (const message of token(bytes)) await harmless(() => start()(message));
      }),
      { numRuns: 2000 },
    );
  });

  test('as the second, as its token, as its NTLM message', async () => {
    const header = Buffer.from('4e544c4d53535000' + '03000000', 'hex');
    await fc.assert(
      fc.asyncProperty(anyBytes, async (bytes) => {
        for (const responseToken of [bytes, Buffer.concat([header, bytes])]) {
          for (const message of [responseToken, request(responseToken), request(encode(NegTokenResp, { responseToken }))]) {
            const step = await start()(first);
            if (!('next' in step)) throw new Error(step.state);
            await harmless(() => step.next(message));
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});
