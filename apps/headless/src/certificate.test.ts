/** Certificates made with the commands of the manual, as an administrator types them; then every way in which files can be wrong. */
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateFiles, type CertificatePaths } from './certificate.js';

// Keys are made, on machines that may be busy.
jest.setTimeout(120_000);

const COMMANDS: readonly (readonly [command: string, typed: readonly string[]])[] = [
  ['openssl req -new -x509 -days 365 -extensions v3_ca -keyout ca_key_private.pem -out ca_cert.pem', ['passphrase', 'passphrase', ...Array<string>(5).fill('.'), 'The CA', '.']],
  ['openssl genrsa -out server_key_private.pem', []],
  ['openssl req -new -key server_key_private.pem -out server_req.pem', [...Array<string>(5).fill('.'), 'server.example', '.', '.', '.']],
  ['openssl x509 -req -days 365 -in server_req.pem -CA ca_cert.pem -CAkey ca_key_private.pem -set_serial 01 -out server_cert.pem', ['passphrase']],
];

/** Types a command at a shell that has no terminal: openssl's questions are answered from its standard input. */
async function type(folder: string, command: string, typed: readonly string[]): Promise<void> {
  const child = spawn('setsid', ['sh', '-c', command], { cwd: folder, stdio: ['pipe', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (bytes) => (errors += String(bytes)));
  child.stdin.on('error', () => undefined);
  child.stdin.end(typed.map((line) => `${line}\n`).join(''));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`${command}: exit code ${code}: ${errors}`);
}

let made: string;
let folder: string;
let paths: Required<CertificatePaths>;
let log: string[];
const logger = { info: (text: string) => void log.push(`info ${text}`), warn: (text: string) => void log.push(`warn ${text}`) } as never;

beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), 'certificates-'));
  for (const [command, typed] of COMMANDS) await type(made, command, typed);
  await type(made, 'openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=other -keyout other_key.pem -out other_cert.pem', []);
  await type(made, 'openssl pkey -in server_key_private.pem -aes256 -passout pass:secret -out locked_key.pem', []);
});
afterAll(() => rm(made, { recursive: true }));
beforeEach(async () => {
  log = [];
  folder = await mkdtemp(join(made, 'test-'));
  paths = { certificate: join(folder, 'server_cert.pem'), key: join(folder, 'server_key_private.pem'), ca: join(folder, 'ca_cert.pem') };
  for (const name of ['server_cert.pem', 'server_key_private.pem', 'ca_cert.pem']) await copyFile(join(made, name), join(folder, name));
});

const subject = (pem: string): string => new X509Certificate(pem).subject;

test("the manual's files are used as they are, with and without the CA", async () => {
  const files = await CertificateFiles.open(paths, logger);
  const { cert, key, ca } = await files.current();
  expect([subject(cert), subject(ca!)]).toEqual(['CN=server.example', 'CN=The CA']);
  expect(new X509Certificate(cert).verify(new X509Certificate(ca!).publicKey)).toBe(true);
  expect(key).toBe(await readFile(paths.key, 'utf8'));
  const { certificate, key: keyPath } = paths;
  expect((await (await CertificateFiles.open({ certificate, key: keyPath }, logger)).current()).ca).toBeUndefined();
});

describe('a file that is at fault is named, with the reason', () => {
  test.each([
    ['that does not exist', 'certificate', undefined, 'does not exist'],
    ['that is no certificate', 'certificate', 'server_req.pem', 'holds no certificate in PEM form'],
    ['that is no key', 'key', 'server_cert.pem', 'holds no private key in PEM form'],
    ["that is another certificate's key", 'key', 'other_key.pem', 'is not the key of the certificate in '],
    ['that is a key with a passphrase', 'key', 'locked_key.pem', 'is protected by a passphrase'],
    ['that is another CA', 'ca', 'other_cert.pem', 'holds no certificate that has issued the one in '],
  ] as const)('one %s', async (_name, which, source, reason) => {
    if (source) await copyFile(join(made, source), paths[which]);
    else await rm(paths[which]);
    await expect(CertificateFiles.open(paths, logger)).rejects.toThrow(`${paths[which]}: ${reason}`);
  });

  test('one that is cut off, is too long, is a folder, or has a relative path', async () => {
    await writeFile(paths.certificate, '-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n');
    await expect(CertificateFiles.open(paths, logger)).rejects.toThrow(`${paths.certificate}: holds a damaged certificate`);
    await truncate(paths.certificate, (1 << 20) + 1);
    await expect(CertificateFiles.open(paths, logger)).rejects.toThrow('has 1048577 bytes; at most 1048576 are read');
    await expect(CertificateFiles.open({ ...paths, certificate: folder }, logger)).rejects.toThrow(`${folder}: cannot be read`);
    await expect(CertificateFiles.open({ ...paths, key: 'key.pem' }, logger)).rejects.toThrow('key.pem: give an absolute path');
  });
});

test('renewed files are used from the next call on; halves of a pair are not, and are logged once', async () => {
  const { certificate, key } = paths;
  const files = await CertificateFiles.open({ certificate, key }, logger);
  await copyFile(join(made, 'other_cert.pem'), join(folder, 'new'));
  await rename(join(folder, 'new'), certificate);
  expect(subject((await files.current()).cert)).toBe('CN=server.example');
  expect(subject((await files.current()).cert)).toBe('CN=server.example');
  expect(log).toEqual([expect.stringMatching(`^warn .*cannot be used.*${key}: is not the key`)]);
  await copyFile(join(made, 'other_key.pem'), key);
  expect(subject((await files.current()).cert)).toBe('CN=other');
  expect(log.slice(1)).toEqual([expect.stringMatching('^info .*renewed certificate')]);
  await rm(key);
  expect(subject((await files.current()).cert)).toBe('CN=other');
  expect(log[2]).toContain(`${key}: does not exist`);
});
