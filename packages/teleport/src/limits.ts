/** How long and how much is borne: every wait and every size of a move has a bound. Milliseconds and bytes. Pure. */
export interface Limits {
  /** To reach the peer, and to prove the password. */
  readonly connect: number;
  /** Silence while the guest runs. */
  readonly silence: number;
  /** Silence while the guest stands still. */
  readonly handOver: number;
  /** Between one try and the next when an answer cannot be had; the first tries come faster. */
  readonly retry: number;
  /** Tries before the state is kept on disk, and tries before a kept state is left to the operator. */
  readonly triesBeforeKeeping: number;
  readonly tries: number;
  /** How long a target that runs still answers a source that lost its line. */
  readonly linger: number;
  /** What a wrong password costs the guesser; it doubles with each, to the longest. */
  readonly wrongPassword: number;
  readonly longestWrongPassword: number;
  /** Device state. */
  readonly state: number;
  /** Guest memory. */
  readonly memory: number;
  /** Connections that have not proved anything yet. */
  readonly strangers: number;
}

export const LIMITS: Limits = {
  connect: 10_000,
  silence: 60_000,
  handOver: 15_000,
  retry: 1_000,
  triesBeforeKeeping: 5,
  tries: 60,
  linger: 120_000,
  wrongPassword: 1_000,
  longestWrongPassword: 30_000,
  state: 512 << 20,
  memory: 4 * 1024 ** 3,
  strangers: 8,
};
