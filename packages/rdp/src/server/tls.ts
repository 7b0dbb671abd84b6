/** The TLS settings of a server's connections, made of PEM texts that may change while it runs. Keeps the last ones. */
import { createSecureContext, DEFAULT_CIPHERS, type SecureContext } from 'node:tls';
import type { RdpServerOptions, TlsCertificate, TlsVersion } from './options.js';

/** What OpenSSL must be told to use a version whose hashes are broken: SHA-1, and MD5 beside it. */
const OLD_VERSIONS: ReadonlySet<TlsVersion> = new Set<TlsVersion>(['TLSv1', 'TLSv1.1']);

export class TlsSettings {
  private last: { readonly texts: TlsCertificate; readonly context: SecureContext } | undefined;

  constructor(
    private readonly source: RdpServerOptions['certificate'],
    private readonly minVersion: TlsVersion,
  ) {}

  /**
   * For one connection. Parsing a key costs more than reading it: what has not changed is not parsed again. Rejects if there is no usable
   * certificate.
   */
  async current(): Promise<SecureContext> {
    const texts = await this.source();
    const { key, cert, ca } = texts;
    const { last } = this;
    if (last && last.texts.key === key && last.texts.cert === cert && last.texts.ca === ca) return last.context;
    const { minVersion } = this;
    const ciphers = OLD_VERSIONS.has(minVersion) ? `${DEFAULT_CIPHERS}:@SECLEVEL=0` : undefined;
    const context = createSecureContext({ key, cert: ca ? `${cert}\n${ca}` : cert, minVersion, maxVersion: 'TLSv1.3', ciphers });
    this.last = { texts: { key, cert, ca }, context };
    return context;
  }
}
