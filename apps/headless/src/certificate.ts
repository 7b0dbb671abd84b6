/**
 * The remote display's TLS certificate out of an administrator's PEM files: VRDE properties `Security/ServerCertificate`,
 * `Security/ServerPrivateKey` and `Security/CACertificate`. Reads files; renewed ones count from the next connection on.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { TlsCertificate } from '@belvedere/rdp';
import type { Log } from './log.js';

/** Paths. */
export interface CertificatePaths {
  readonly certificate: string;
  readonly key: string;
  readonly ca?: string;
}

export class CertificateFileError extends Error {
  override readonly name = 'CertificateFileError';
  constructor(path: string, problem: string, cause?: unknown) {
    super(`${path}: ${problem}`, { cause });
  }
}

/** Bytes of the longest file that is read: hundreds of certificates fit. */
const MAX_FILE = 1 << 20;

/** One PEM block of a certificate. */
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

export class CertificateFiles {
  private constructor(
    private readonly paths: CertificatePaths,
    private readonly log: Pick<Log, 'warn' | 'info'>,
    private texts: TlsCertificate,
    /** Of the files that were read last, whatever came of them. */
    private seen: string,
  ) {}

  /** Reads the files. @throws CertificateFileError naming the file and what is wrong with it */
  static async open(paths: CertificatePaths, log: Pick<Log, 'warn' | 'info'>): Promise<CertificateFiles> {
    for (const path of pathsOf(paths)) if (!isAbsolute(path)) throw new CertificateFileError(path, 'give an absolute path');
    const seen = await stamps(paths);
    return new CertificateFiles(paths, log, await read(paths), seen);
  }

  /** What the files hold. While they are at fault (half of a pair is written) it is what they held before, and the log says so once. */
  async current(): Promise<TlsCertificate> {
    const now = await stamps(this.paths);
    if (now === this.seen) return this.texts;
    this.seen = now;
    try {
      this.texts = await read(this.paths);
      this.log.info('the renewed certificate of the remote display is used from now on');
    } catch (error) {
      this.log.warn(`the renewed certificate of the remote display cannot be used, and the one before still is: ${(error as Error).message}`);
    }
    return this.texts;
  }
}

const pathsOf = ({ certificate, key, ca }: CertificatePaths): string[] => [certificate, key, ...(ca === undefined ? [] : [ca])];

/** Changes when a file is written, replaced or removed. */
async function stamps(paths: CertificatePaths): Promise<string> {
  const each = pathsOf(paths).map(async (path) => {
    try {
      const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
      return [ino, size, mtimeNs, ctimeNs].join(':');
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'unreadable';
    }
  });
  return (await Promise.all(each)).join(' ');
}

/** The files' texts, once they are found to fit each other. */
async function read(paths: CertificatePaths): Promise<TlsCertificate> {
  const [cert, key, ca] = await Promise.all([text(paths.certificate), text(paths.key), paths.ca === undefined ? undefined : text(paths.ca)]);
  const [own, ...chain] = certificates(paths.certificate, cert);
  const privateKey = attempt(paths.key, 'holds no private key in PEM form', () => {
    if (/ENCRYPTED/.test(key)) throw new CertificateFileError(paths.key, 'is protected by a passphrase; take it off with openssl pkey');
    return createPrivateKey(key);
  });
  if (!own.checkPrivateKey(privateKey)) throw new CertificateFileError(paths.key, `is not the key of the certificate in ${paths.certificate}`);
  if (paths.ca !== undefined && ca !== undefined) {
    const issuers = certificates(paths.ca, ca);
    const last = chain.at(-1) ?? own;
    if (!issuers.some((issuer) => last.checkIssued(issuer) && last.verify(issuer.publicKey))) {
      throw new CertificateFileError(paths.ca, `holds no certificate that has issued the one in ${paths.certificate}`);
    }
  }
  attempt(paths.certificate, 'cannot be used for TLS', () => createSecureContext({ key, cert }));
  return { key, cert, ...(ca === undefined ? {} : { ca }) };
}

async function text(path: string): Promise<string> {
  const fail = (problem: string, cause?: unknown): never => {
    throw new CertificateFileError(path, problem, cause);
  };
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE) fail(`has ${size} bytes; at most ${MAX_FILE} are read`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof CertificateFileError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    return fail(code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be read' : `cannot be read: ${message}`, error);
  }
}

function certificates(path: string, pem: string): X509Certificate[] {
  const blocks = pem.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) throw new CertificateFileError(path, 'holds no certificate in PEM form');
  return blocks.map((block) => attempt(path, 'holds a damaged certificate', () => new X509Certificate(block)));
}

function attempt<T>(path: string, problem: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof CertificateFileError) throw error;
    // OpenSSL's texts quote nothing of a key.
    throw new CertificateFileError(path, `${problem}: ${(error as Error).message}`, error);
  }
}
