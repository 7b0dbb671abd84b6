/** The security layer's face to the rest of the package. */
export * from './constants.js';
export * from './headers.js';
export * from './layer.js';
export * from './licensing.js';
export * from './standard.js';
export { parseServerCertificate, proprietaryCertificate, x509CertificateChain, type ServerCertificate } from './certificate.js';
export { type CertificateTexts, chainedIdentity } from './chain.js';
export { IdentityError, serverIdentity, type ServerIdentity, type StandardIdentity } from './identity.js';
export { Rc4 } from './rc4.js';
