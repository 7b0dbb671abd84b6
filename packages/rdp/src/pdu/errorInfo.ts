/**
 * Why a server ends a session, in words that its client shows to the user.
 *
 * [MS-RDPBCGR] 2.2.5.1.1 (errorInfo). Pure.
 */
export const ErrorInfo = {
  ERRINFO_NONE: 0x0,
  /** An administrator ended the session. */
  ERRINFO_RPC_INITIATED_DISCONNECT: 0x1,
  ERRINFO_RPC_INITIATED_LOGOFF: 0x2,
  ERRINFO_IDLE_TIMEOUT: 0x3,
  ERRINFO_LOGON_TIMEOUT: 0x4,
  ERRINFO_DISCONNECTED_BY_OTHERCONNECTION: 0x5,
  ERRINFO_OUT_OF_MEMORY: 0x6,
  ERRINFO_SERVER_DENIED_CONNECTION: 0x7,
  ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES: 0x9,
  ERRINFO_SERVER_FRESH_CREDENTIALS_REQUIRED: 0xa,
  ERRINFO_RPC_INITIATED_DISCONNECT_BYUSER: 0xb,
  ERRINFO_LOGOFF_BY_USER: 0xc,
  ERRINFO_UNKNOWNPDUTYPE2: 0x10c9,
  ERRINFO_UNKNOWNPDUTYPE: 0x10ca,
  ERRINFO_DATAPDUSEQUENCE: 0x10cb,
  ERRINFO_CONFIRMACTIVEPDUTOOSHORT: 0x10d3,
  ERRINFO_DECRYPTFAILED: 0x1192,
  ERRINFO_ENCRYPTFAILED: 0x1193,
} as const;
export type ErrorInfoCode = (typeof ErrorInfo)[keyof typeof ErrorInfo];

/** The standard's name of a code, for logs. */
export const errorInfoName = (code: number): string =>
  Object.entries(ErrorInfo).find(([, value]) => value === code)?.[0] ?? `errorInfo ${code}`;
