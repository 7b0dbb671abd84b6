/**
 * Viewers whom the source of a move vouches for, at the target: who is let in without being judged, once, and for how long.
 *
 * A relay is let in from the moment that the source has said its secret until 30 s after the machine runs here, a redirected viewer for 30 s from
 * then on. Nobody sees anything before the machine runs here; if the move comes to nothing they are shown out.
 */
import { ntHash, type Vouch, type Voucher } from '@belvedere/rdp';
import { readRelayCookie, redirectionCookie, sameCookie, SECRET_BYTES } from './cookies.js';

/** Milliseconds that a cookie counts once the machine is here. */
const LIFETIME = 30_000;
/** Viewers of one move. */
const MOST = 64;

interface Redirection {
  readonly cookie: string;
  readonly user: string;
  readonly domain: string;
  readonly screen: number;
  /** Since when it could be used: the machine's arrival, or its relay's where that came later. */
  since: number | undefined;
}

interface Move {
  readonly secret: Uint8Array;
  /** By the number in a relay's cookie, in hexadecimal: what names a viewer. */
  readonly relays: Set<string>;
  readonly redirections: Map<string, Redirection>;
  arrivedAt: number | undefined;
}

export class Visitors {
  private move: Move | undefined;

  /** @param dismiss ends the sessions of these viewers; @param now milliseconds, of no particular origin */
  constructor(
    private readonly dismiss: (viewers: ReadonlySet<string>) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A source begins. @param said by it; what makes no sense vouches for nobody. @returns whether its viewers are expected */
  expect(said: unknown): boolean {
    this.forget();
    const secret = secretOf(said);
    if (!secret) return false;
    this.move = { secret, relays: new Set(), redirections: new Map(), arrivedAt: undefined };
    return true;
  }

  /** Nothing came of the move. */
  forget(): void {
    const { move } = this;
    this.move = undefined;
    if (move && move.relays.size > 0) this.dismiss(move.relays);
  }

  /** The machine runs here. */
  arrived(): void {
    const { move } = this;
    if (!move) return;
    move.arrivedAt = this.now();
    for (const redirection of move.redirections.values()) redirection.since = move.arrivedAt;
  }

  readonly vouch: Vouch = ({ user, domain, screen, password }) => {
    const { move } = this;
    if (!move) return undefined;
    return this.redirected(move, password) ?? this.relayed(move, { user, domain, screen }, password);
  };

  /** What Network Level Authentication is to find of a viewer that was redirected: the hash of its cookie. */
  ntHash(user: string, domain: string): Uint8Array | undefined {
    const waiting = [...(this.move?.redirections.values() ?? [])].find((redirection) => redirection.user === user && redirection.domain === domain && this.counts(redirection));
    return waiting && ntHash(waiting.cookie);
  }

  private relayed(move: Move, claim: Pick<Redirection, 'user' | 'domain' | 'screen'>, password: string): Voucher | undefined {
    const nonce = readRelayCookie(move.secret, claim, password);
    const viewer = nonce?.toString('hex');
    if (nonce === undefined || viewer === undefined || move.relays.has(viewer) || move.relays.size >= MOST) return undefined;
    if (move.arrivedAt !== undefined && this.now() - move.arrivedAt > LIFETIME) return undefined;
    move.relays.add(viewer);
    move.redirections.set(viewer, { ...claim, cookie: redirectionCookie(move.secret, nonce), since: move.arrivedAt === undefined ? undefined : this.now() });
    return { viewer, ...claim, shows: () => move.arrivedAt !== undefined };
  }

  private redirected({ redirections }: Move, password: string): Voucher | undefined {
    let found: (Redirection & { readonly viewer: string }) | undefined;
    for (const [viewer, redirection] of redirections) if (sameCookie(redirection.cookie, password)) found = { ...redirection, viewer };
    if (!found || !this.counts(found)) return undefined;
    redirections.delete(found.viewer);
    const { viewer, user, domain, screen } = found;
    return { viewer, user, domain, screen };
  }

  private counts({ since }: Redirection): boolean {
    return since !== undefined && this.now() - since <= LIFETIME;
  }
}

function secretOf(said: unknown): Uint8Array | undefined {
  const text = typeof said === 'object' && said !== null ? (said as { viewers?: unknown }).viewers : undefined;
  if (typeof text !== 'string' || !/^[\w-]{43}$/.test(text)) return undefined;
  const secret = Buffer.from(text, 'base64url');
  return secret.length === SECRET_BYTES ? secret : undefined;
}
