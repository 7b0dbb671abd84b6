/** The error of this package that is not about a format: legal bytes at an illegal time, or bytes that fail a check. Pure. */

/** Where the rule was broken. */
export interface ProtocolErrorDetails {
  /** What the connection was doing, such as `securityExchange`. */
  readonly state: string;
  /** The structure's name in the standard. */
  readonly pdu: string;
  /** The rule, such as `[MS-RDPBCGR] 5.3.6`. */
  readonly section: string;
  readonly cause?: unknown;
}

/** The peer broke a rule of the protocol. The connection ends: with an error-info PDU if the client can show one. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly state: string;
  readonly pdu: string;
  readonly section: string;

  constructor(problem: string, { state, pdu, section, cause }: ProtocolErrorDetails) {
    super(`${pdu} in state ${state}: ${problem} (${section})`, cause === undefined ? undefined : { cause });
    this.state = state;
    this.pdu = pdu;
    this.section = section;
  }
}
