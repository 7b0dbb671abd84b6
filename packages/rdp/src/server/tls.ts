/** The TLS settings of a server's connections, made of PEM texts that may change while it runs. Keeps the last ones. */
import { createSecureContext, type SecureContext } from 'node:tls';
import type { RdpServerOptions, TlsCertificate } from './options.js';

export class TlsSettings {
  private last: { readonly texts: TlsCertificate; readonly context: SecureContext } | undefined;

  constructor(private readonly source: RdpServerOptions['certificate']) {}

  /**
   * For one connection. Parsing a key costs more than reading it: what has not changed is not parsed again. Rejects if there is no usable
   * certificate.
   */
  async current(): Promise<SecureContext> {
    const texts = await this.source();
    const { key, cert, ca } = texts;
    const { last } = this;
    if (last && last.texts.key === key && last.texts.cert === cert && last.texts.ca === ca) return last.context;
    const context = createSecureContext({ key, cert: ca ? `${cert}\n${ca}` : cert, minVersion: 'TLSv1.2' });
    this.last = { texts: { key, cert, ca }, context };
    return context;
  }
}
