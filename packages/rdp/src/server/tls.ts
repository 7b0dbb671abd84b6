/** The TLS settings of a server's connections, made of PEM texts that may change while it runs. Keeps the last ones. */
import { constants } from 'node:crypto';
import { createSecureContext, DEFAULT_CIPHERS, type SecureContext } from 'node:tls';
import type { RdpServerOptions, TlsCertificate, TlsVersion } from './options.js';

/**
 * Authenticated encryption with forward secrecy: TLS 1.3's own suites, and for 1.2 those with ECDHE; with DHE for clients of Windows 7 and 8.1,
 * which have them with AES-GCM in no other way.
 */
const CIPHERS = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aDSS';

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
    const context = createSecureContext({
      key,
      cert: ca ? `${cert}\n${ca}` : cert,
      minVersion,
      maxVersion: 'TLSv1.3',
      ciphers: OLD_VERSIONS.has(minVersion) ? `${DEFAULT_CIPHERS}:@SECLEVEL=0` : CIPHERS,
      dhparam: 'auto',
      honorCipherOrder: true,
      // A client that negotiates anew costs the server more than itself.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
    });
    this.last = { texts: { key, cert, ca }, context };
    return context;
  }
}
