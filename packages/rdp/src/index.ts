export { RdpServer, type RdpServerEvents } from './server/server.js';
export type { ClientInfo, Feature, Log, LogLevel, RdpServerOptions, TlsCertificate, TlsVersion } from './server/options.js';
export type { NewPointer, PointerShape } from './server/output.js';
export type { ColorPointer } from './graphics/index.js';
export type { SecurityMethod } from './server/negotiation.js';
export type { Authenticator, Judgement, Keyboard, LogonAttempt, LogonClient, Pointer, Rect, Region, Screen, Unsubscribe } from './ports.js';
export { ErrorInfo, errorInfoName } from './pdu/errorInfo.js';
export { ntHash } from './nla/index.js';
export { chainedIdentity, IdentityError, serverIdentity, type ServerIdentity, type StandardIdentity } from './security/index.js';
