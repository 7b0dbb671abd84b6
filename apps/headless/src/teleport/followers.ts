/**
 * The viewers of a machine that moves, at its source: each sees it at the target from the moment that it runs there.
 *
 *     the target has said where its display is   a relay for each viewer connects there, vouched for; it is shown nothing yet
 *     the guest stands still                     what viewers type waits
 *     the machine runs there                     relays are shown it, which says as much as the move's own end: viewers see and type through them,
 *                                                beginning with what has waited
 *                                                those that can find the target by themselves are sent there; their relays end with their old sessions
 *     the machine stays here                     what has waited is typed here, and relays end
 *
 * A viewer without a relay is told that the machine is gone.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { ClientInfo, Console, Destination, Screen } from '@belvedere/rdp';
import type { SourceAside } from '@belvedere/teleport';
import type { Log } from '../log.js';
import { redirectionCookie, relayCookie, SECRET_BYTES } from './cookies.js';
import { Relay } from './relay.js';
import { isLoopback, reachable, readWhereabouts, toldToViewers, type Whereabouts } from './whereabouts.js';

/** What is needed of the source's remote display. */
export interface SourceDisplay {
  readonly port: number | null;
  readonly clients: readonly ClientInfo[];
  /** Calls back for each client that comes in. */
  onConnected(listener: (client: ClientInfo) => void): () => void;
  /** Calls back for each client that was in and has gone. */
  onDisconnected(listener: (client: ClientInfo) => void): () => void;
  hold(): void;
  goOn(): void;
  lead(id: number, console: Console): boolean;
  redirect(id: number, destination: Destination): boolean;
  dismiss(ids: readonly number[], reason: string): void;
}

/** Milliseconds until the picture must have come to a relay, once the machine runs there. */
const PICTURE = 5000;
/** Milliseconds that a viewer sees the machine through its relay before it is sent there: two short gaps in its picture instead of a long one. */
const LOOK = 500;

interface Follower {
  readonly relay: Relay;
  readonly redirection: { readonly address: string; readonly hostName?: string; readonly cookie: string } | undefined;
}

export class Followers {
  readonly aside: SourceAside;
  private readonly secret = randomBytes(SECRET_BYTES);
  private readonly followers = new Map<number, Promise<Follower | undefined>>();
  /** Those that see the machine there. */
  private readonly led = new Set<number>();
  private readonly leave: (() => void)[] = [];
  private where: Whereabouts | undefined;

  /** @param host where the machine goes; @param screens the machine's */
  constructor(
    private readonly display: SourceDisplay,
    private readonly host: string,
    private readonly screens: readonly Screen[],
    private readonly log: Log,
  ) {
    this.aside = { says: { viewers: this.secret.toString('base64url') }, hears: (answer) => this.begin(answer) };
  }

  /** Viewers who are relayed now. */
  get count(): number {
    return this.display.clients.length;
  }

  /** The guest is about to stand still. */
  hold(): void {
    this.display.hold();
  }

  /** The machine stays here. */
  async stay(): Promise<void> {
    this.end();
    this.display.goOn();
    for (const follower of this.followers.values()) (await follower)?.relay.close();
  }

  /** The machine runs there: resolves when each viewer has a picture of it, or was told that it has gone. */
  async lead(): Promise<void> {
    await Promise.all(this.display.clients.map(({ id }) => this.leadOne(id)));
  }

  /** Resolves when the last viewer has left. */
  async left(): Promise<void> {
    while (this.display.clients.length > 0) {
      await new Promise<void>((resolve) => {
        const off = this.display.onDisconnected(() => (off(), resolve()));
      });
    }
    this.end();
  }

  private end(): void {
    for (const leave of this.leave.splice(0)) leave();
  }

  private begin(answer: unknown): void {
    this.where = readWhereabouts(answer);
    if (this.where?.certificate === null) this.log.warn('viewers do not follow: the target has no TLS, and nothing of the guest is relayed without');
    else if (!this.where) this.log.warn('viewers do not follow: the target has no open remote display');
    if (!this.where || this.where.certificate === null) return;
    // One that is let in just now is in the list, and told of too.
    const follow = (client: ClientInfo): void => {
      if (this.followers.has(client.id)) return;
      const follower = this.connect(client);
      this.followers.set(client.id, follower);
      void follower.then((found) => found?.relay.arrived.then(() => this.show(client.id, found)));
    };
    this.display.clients.forEach(follow);
    this.leave.push(
      this.display.onConnected(follow),
      this.display.onDisconnected(({ id }) => void this.followers.get(id)?.then((follower) => follower?.relay.close())),
    );
  }

  private async connect(client: ClientInfo): Promise<Follower | undefined> {
    try {
      return await this.follow(client, this.where!);
    } catch (error) {
      this.log.warn({ err: error }, `client ${client.id} cannot be relayed`);
      return undefined;
    }
  }

  private async follow(client: ClientInfo, where: Whereabouts): Promise<Follower | undefined> {
    const { user, screen, clientName } = client;
    const cookie = relayCookie(this.secret, client);
    const addresses = await reachable(where, this.host);
    const problems: string[] = [];
    for (const host of addresses) {
      const domain = screen > 0 ? `${client.domain}@${screen + 1}` : client.domain;
      const relay = new Relay({ host, port: where.port, certificate: where.certificate!, user, domain, password: cookie.text, clientName }, this.screens[screen]);
      const problem = await Promise.race([relay.closed, relay.active.then(() => undefined)]);
      if (problem === undefined) return { relay, redirection: await this.redirection(client, where, redirectionCookie(this.secret, cookie.nonce)) };
      problems.push(`${host}: ${problem}`);
    }
    throw new Error(`port ${where.port} of the target: ${problems.join('; ') || 'it listens on loopback addresses of another host'}`);
  }

  /** Where a client can be sent: a redirection names an address and no port. */
  private async redirection({ redirects, address: from }: ClientInfo, where: Whereabouts, cookie: string): Promise<Follower['redirection']> {
    if (!redirects || where.port !== this.display.port) return undefined;
    const { address, hostName } = await toldToViewers(where, this.host);
    if (isLoopback(address) && !isLoopback(from)) return undefined;
    return { address, cookie, ...(hostName === undefined ? {} : { hostName }) };
  }

  private async leadOne(id: number): Promise<void> {
    const late = new AbortController();
    const inTime = async (): Promise<Follower | undefined> => {
      const follower = await this.followers.get(id);
      await follower?.relay.arrived;
      return follower;
    };
    const nothing = async (): Promise<undefined> => {
      const follower = await this.followers.get(id);
      await follower?.relay.closed;
      return undefined;
    };
    const tooLate = setTimeout(PICTURE, undefined, { signal: late.signal }).catch(() => undefined);
    const follower = await Promise.race([inTime(), nothing(), tooLate]);
    late.abort();
    if (!follower || !this.show(id, follower)) this.display.dismiss([id], 'the machine was teleported, and this viewer could not follow');
  }

  /** From now on the viewer sees the machine there. @returns whether the viewer is still here */
  private show(id: number, follower: Follower): boolean {
    if (this.led.has(id)) return true;
    const client = this.display.clients.find((candidate) => candidate.id === id);
    if (!client || !this.display.lead(id, follower.relay.console)) {
      follower.relay.close();
      return false;
    }
    this.led.add(id);
    void follower.relay.closed.then((reason) => this.display.dismiss([id], `its relay ended: ${reason}`));
    if (follower.redirection) this.sendOn(client, follower.redirection);
    else this.log.info(`client ${id} is relayed`);
    return true;
  }

  private sendOn({ id, user, domain, screen }: ClientInfo, { address, hostName, cookie }: NonNullable<Follower['redirection']>): void {
    const send = (): void => {
      const destination = { address, user, domain: screen > 0 ? `${domain}@${screen + 1}` : domain, password: cookie, ...(hostName === undefined ? {} : { hostName }) };
      this.log.info(`client ${id} ${this.display.redirect(id, destination) ? `is sent to ${address}` : 'is relayed'}`);
    };
    setTimeout(LOOK, undefined, { ref: false }).then(send, () => undefined);
  }
}
