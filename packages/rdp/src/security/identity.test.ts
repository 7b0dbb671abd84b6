import { execFile } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chmod, cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parseServerCertificate } from './certificate.js';
import { IdentityError, serverIdentity, type ServerIdentity } from './identity.js';
import { issueSelfSigned } from './issue.js';
import { publicNumbers } from './rsa.js';

// Finding large primes takes seconds where other programs run.
jest.setTimeout(60_000);

const request = { commonName: 'host.example', altNames: ['127.0.0.1', '::1', 'other.example'] };
const FILES = ['standard-certificate.pem', 'standard-key.pem', 'tls-certificate.pem', 'tls-key.pem'];
const execNode = promisify(execFile);
const posix = process.platform !== 'win32';

let scratch: string;
/** A folder that was not there before `made` was. */
let folder: string;
let made: ServerIdentity;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'belvedere-identity-'));
  folder = join(scratch, 'not', 'there', 'yet');
  made = await serverIdentity(folder, request);
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe('serverIdentity', () => {
  test('makes an identity once and keeps it', async () => {
    const kept = await serverIdentity(folder, { commonName: 'another.example', altNames: [] });
    expect(kept.tls).toEqual(made.tls);
    expect(kept.standard.proprietaryCertificate).toEqual(made.standard.proprietaryCertificate);
    expect(kept.standard.x509CertificateChain).toEqual(made.standard.x509CertificateChain);
    expect(await readdir(folder)).toEqual(['rdp-identity']);
  });

  test('its certificates name the server and belong to its keys', () => {
    const { tls: own, standard } = made;
    const certificate = new X509Certificate(own.cert);
    expect(certificate.subject).toBe('CN=host.example');
    expect(certificate.checkHost('other.example')).toBe('other.example');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkIP('::1')).toBeDefined();
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    const years = (Date.parse(certificate.validTo) - Date.now()) / (365.25 * 24 * 3600_000);
    expect(years).toBeGreaterThan(9.9);
    expect(years).toBeLessThan(10.1);
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now());
    expect(() => tls.createSecureContext(own)).not.toThrow();

    const proprietary = parseServerCertificate(standard.proprietaryCertificate);
    const chain = parseServerCertificate(standard.x509CertificateChain);
    expect(proprietary.publicKey).toEqual(publicNumbers(standard.key));
    expect(chain.publicKey).toEqual(publicNumbers(standard.key));
    const [issuer, leaf] = chain.chain.map((der) => new X509Certificate(der));
    expect(issuer.raw.equals(certificate.raw)).toBe(true);
    expect(leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey)).toBe(true);
  });

  (posix ? test : test.skip)('its files are private', async () => {
    const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
    expect(await mode(folder)).toBe(0o700);
    expect(await mode(join(folder, 'rdp-identity'))).toBe(0o700);
    expect((await readdir(join(folder, 'rdp-identity'))).sort()).toEqual(FILES);
    for (const name of FILES) expect(await mode(join(folder, 'rdp-identity', name))).toBe(0o600);
  });

  test('two processes that start at once end with one identity and leave nothing else behind', async () => {
    const together = join(scratch, 'together');
    const program = `
      const { serverIdentity } = await import(${JSON.stringify(new URL('./identity.js', import.meta.url).href)});
      const { standard } = await serverIdentity(${JSON.stringify(together)}, ${JSON.stringify(request)});
      console.log(Buffer.from(standard.proprietaryCertificate).toString('hex'));`;
    const start = (): Promise<{ stdout: string }> => execNode(process.execPath, ['--input-type=module', '--eval', program]);
    const outputs = await Promise.all([start(), start()]);
    expect(outputs[0].stdout).toMatch(/^01000000[0-9a-f]{700,}\n$/);
    expect(outputs[1].stdout).toBe(outputs[0].stdout);
    expect(await readdir(together)).toEqual(['rdp-identity']);
  });

  test('a damaged, absent or foreign file is an error that names it, and nothing is replaced', async () => {
    const copy = join(scratch, 'copy');
    await cp(folder, copy, { recursive: true });
    const path = (name: string): string => join(copy, 'rdp-identity', name);
    const expectError = async (name: string, text: RegExp): Promise<void> => {
      const error = await serverIdentity(copy, request).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(IdentityError);
      expect((error as IdentityError).path).toBe(path(name));
      expect((error as IdentityError).message).toMatch(text);
    };
    for (const [name, text] of [
      ['tls-key.pem', /is no private key in PEM/],
      ['standard-key.pem', /is no private key in PEM/],
      ['tls-certificate.pem', /is no certificate in PEM/],
      ['standard-certificate.pem', /is no certificate in PEM/],
    ] as const) {
      const good = await readFile(path(name));
      await writeFile(path(name), good.subarray(0, 300));
      await expectError(name, text);
      expect((await readFile(path(name))).length).toBe(300);
      await rm(path(name));
      await expectError(name, /cannot be read/);
      await writeFile(path(name), good);
    }
    const another = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await writeFile(path('tls-certificate.pem'), issueSelfSigned(request, another));
    await expectError('tls-certificate.pem', /belongs to another key than tls-key.pem/);
    const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await writeFile(path('tls-key.pem'), elliptic);
    await expectError('tls-key.pem', /holds a key of type ec; RSA of 512 bits or more is needed/);
  });

  test('a file where the folder should be is an error', async () => {
    await writeFile(join(scratch, 'file'), '');
    await expect(serverIdentity(join(scratch, 'file', 'below'), request)).rejects.toThrow(IdentityError);
  });

  (posix && process.getuid?.() !== 0 ? test : test.skip)('a folder that cannot be written is an error', async () => {
    const closed = await mkdtemp(join(scratch, 'closed-'));
    await chmod(closed, 0o500);
    await expect(serverIdentity(closed, request)).rejects.toThrow(/cannot be made/);
    await chmod(closed, 0o700);
  });

  test('a name that no certificate can have is refused before anything is made', async () => {
    const never = join(scratch, 'never');
    await expect(serverIdentity(never, { commonName: 'x'.repeat(65), altNames: [] })).rejects.toThrow(/has 65: give a shorter one/);
    expect(await readdir(scratch)).not.toContain('never');
  });
});
