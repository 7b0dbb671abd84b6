/** Network Level Authentication's face to the rest of the package. */
export { credSspServer, CREDSSP_VERSION, type CredSspLogon, type CredSspServerSettings, type CredSspStep } from './credssp.js';
export { credSspClient, type CredSspClientSettings, type CredSspClientStep } from './credssp-client.js';
export { subjectPublicKey } from './binding.js';
export { AUTHZ, EARLY_USER_AUTHORIZATION_RESULT_PDU, earlyUserAuthorizationResult, tsRequestLength } from './tsrequest.js';
export { ntHash } from './ntlm-keys.js';
export type { NtHashLookup } from './ntlm.js';
