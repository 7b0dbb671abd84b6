/**
 * A server's identity: the keys and certificates by which viewers know it again, kept in a folder.
 *
 * TLS: an RSA key and a self-signed certificate. Standard RDP Security ([MS-RDPBCGR] 5.3.3): an RSA key of its own, with a certificate in
 * both forms. Made at first use; all files appear at once or not at all. Reads and writes files.
 */
import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { proprietaryCertificate, x509CertificateChain } from './certificate.js';
import type { CertificateRequest } from './issue.js';
import { publicNumbers } from './rsa.js';

/** What signs for a server. */
export interface ServerIdentity {
  /** Both PEM. */
  readonly tls: { readonly key: string; readonly cert: string };
  readonly standard: StandardIdentity;
}

export interface StandardIdentity {
  readonly key: KeyObject;
  /** PROPRIETARYSERVERCERTIFICATE. */
  readonly proprietaryCertificate: Uint8Array;
  /** X509_CERTIFICATE_CHAIN: the TLS certificate as issuer, and one for `key`. Clients before RDP 5 cannot read it. */
  readonly x509CertificateChain: Uint8Array;
  /** Clients of RDP 5 and later get the chain; without it all get the proprietary certificate. */
  readonly offersChain?: boolean;
}

/** A file of the identity is at fault. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
  constructor(
    readonly path: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${path}: ${problem}`, options);
  }
}

/** Inside the caller's folder, so that it can appear in one step. */
const FOLDER = 'rdp-identity';
const TLS_KEY = 'tls-key.pem';
const TLS_CERTIFICATE = 'tls-certificate.pem';
const STANDARD_KEY = 'standard-key.pem';
const STANDARD_CERTIFICATE = 'standard-certificate.pem';

/**
 * Measured for Standard RDP Security: rdesktop, as RDP 4 and RDP 5 client, takes keys of 512 to 2048 bits and refuses 4096; FreeRDP takes
 * all of these. 512 bits are broken in hours, so the largest that both take.
 */
const RSA_BITS = 2048;
/** Below it OpenSSL makes no keys, and a modulus would not hold a random. */
const MIN_STANDARD_BITS = 512;

const generateRsa = promisify(generateKeyPair);

/**
 * Loads the server's identity, making it first if there is none.
 *
 * @param folder made (mode 0700) if absent; the identity is kept in `rdp-identity` inside it. Of several processes that start at once, all
 *   get the identity of the first that was done
 * @param request used when the identity is made
 * Throws `IdentityError` if a file is damaged or cannot be read or written; it never replaces one.
 */
export async function serverIdentity(folder: string, request: CertificateRequest): Promise<ServerIdentity> {
  const path = join(folder, FOLDER);
  const existing = await load(path);
  if (existing) return existing;
  // Loaded only here: a server that has its identity needs no issuer.
  const { refusal } = await import('./issue.js');
  const problem = refusal(request);
  if (problem) throw new IdentityError(path, `cannot be made: ${problem}`);
  await make(folder, path, request);
  const made = await load(path);
  if (made) return made;
  throw new IdentityError(path, 'vanished while it was being made: keep other programs out of this folder');
}

async function make(folder: string, path: string, request: CertificateRequest): Promise<void> {
  let temporary: string | undefined;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    temporary = await mkdtemp(join(folder, `.${FOLDER}-`));
    // mkdtemp makes it 0700 on every system that has modes; said again so that no umask or file system decides.
    await chmod(temporary, 0o700);
    const [tls, standard] = await Promise.all([newKey(RSA_BITS), newKey(RSA_BITS)]);
    const { issueSelfSigned, issueStandard } = await import('./issue.js');
    await write(join(temporary, TLS_KEY), tls);
    await write(join(temporary, TLS_CERTIFICATE), issueSelfSigned(request, tls));
    await write(join(temporary, STANDARD_KEY), standard);
    await write(join(temporary, STANDARD_CERTIFICATE), issueStandard(request, standard, tls));
    // A folder that has files in it cannot be replaced by a rename: the first process wins.
    await rename(temporary, path);
    await sync(folder);
  } catch (cause) {
    if (temporary) await rm(temporary, { recursive: true, force: true });
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(codeOf(cause)) || !(await load(path))) {
      throw cause instanceof IdentityError ? cause : new IdentityError(path, `cannot be made: ${textOf(cause)}`, { cause });
    }
  }
}

async function newKey(modulusLength: number): Promise<string> {
  const { privateKey } = await generateRsa('rsa', { modulusLength });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function write(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a rename last through a power cut. Windows has no such call for folders, and needs none. */
async function sync(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @returns undefined if there is no identity at `path` */
async function load(path: string): Promise<ServerIdentity | undefined> {
  const read = async (name: string): Promise<string> => {
    try {
      return await readFile(join(path, name), 'utf8');
    } catch (cause) {
      throw new IdentityError(join(path, name), `cannot be read: ${textOf(cause)}`, { cause });
    }
  };
  if (!(await exists(path))) return undefined;

  const [tlsKey, tlsCertificate, standardKey, standardCertificate] = await Promise.all(
    [TLS_KEY, TLS_CERTIFICATE, STANDARD_KEY, STANDARD_CERTIFICATE].map(read),
  );
  const issuer = readPair(path, TLS_CERTIFICATE, tlsCertificate, readKey(join(path, TLS_KEY), tlsKey), TLS_KEY);
  const key = readKey(join(path, STANDARD_KEY), standardKey);
  const leaf = readPair(path, STANDARD_CERTIFICATE, standardCertificate, key, STANDARD_KEY);
  return {
    tls: { key: tlsKey, cert: tlsCertificate },
    standard: {
      key,
      proprietaryCertificate: proprietaryCertificate(publicNumbers(key)),
      x509CertificateChain: x509CertificateChain([issuer.raw, leaf.raw]),
    },
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    const handle = await open(path, 'r');
    await handle.close();
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return false;
    throw new IdentityError(path, `cannot be read: ${textOf(cause)}`, { cause });
  }
}

function readKey(path: string, text: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (cause) {
    throw new IdentityError(path, `is no private key in PEM: ${textOf(cause)}`, { cause });
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < MIN_STANDARD_BITS) {
    const found = bits ? `${key.asymmetricKeyType} key of ${bits} bits` : `key of type ${key.asymmetricKeyType}`;
    throw new IdentityError(path, `holds a ${found}; RSA of ${MIN_STANDARD_BITS} bits or more is needed`);
  }
  return key;
}

function readPair(path: string, name: string, text: string, key: KeyObject, keyName: string): X509Certificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(text);
  } catch (cause) {
    throw new IdentityError(join(path, name), `is no certificate in PEM: ${textOf(cause)}`, { cause });
  }
  if (!certificate.checkPrivateKey(key)) throw new IdentityError(join(path, name), `belongs to another key than ${keyName}`);
  return certificate;
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code ?? '');
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
