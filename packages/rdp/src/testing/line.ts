/**
 * A client and a server on one table, for tests: every packet passes both step machines, without a socket or a clock.
 *
 * State: both sides' states, and all that was said.
 */
import { connectionRequest } from '../client/connect.js';
import { Fragments } from '../client/share.js';
import type { ClientEffect, ClientSettings, ClientState } from '../client/state.js';
import { clientStep, tlsEstablished } from '../client/step.js';
import { Protocol } from '../pdu/x224.js';
import { ENCRYPTION_METHOD } from '../security/index.js';
import type { ConnectionEvent, Desktop, Effect, State } from '../server/state.js';
import { INITIAL, step, type StepContext } from '../server/step.js';

/** What the client asks for unless a test says otherwise. */
const ASKED: ClientSettings = {
  security: 'rdp',
  user: 'max',
  password: 'secret',
  domain: 'OFFICE',
  clientName: 'desk',
  width: 640,
  height: 480,
  bitsPerPixel: 16,
  fastPathOutput: true,
  fastPathInput: true,
  noBitmapCompressionHeader: true,
  resizes: true,
  rdp4: false,
  unicode: true,
  errorInfo: true,
  encryptionMethods: ENCRYPTION_METHOD['128BIT'],
  channels: ['rdpsnd', 'cliprdr', 'drdynvc'],
  delegate: true,
  redirects: false,
  monitors: [],
  autologon: true,
};

export class Line {
  server: State = INITIAL;
  client: ClientState = { step: 'connectionConfirm' };
  readonly effects: Effect[] = [];
  readonly clientEffects: ClientEffect[] = [];
  readonly steps: string[] = [];
  /** Every packet of the client. */
  readonly sent: Uint8Array[] = [];
  /** Every packet of the server. */
  readonly received: Uint8Array[] = [];
  private readonly fragments = new Fragments();
  readonly asked: ClientSettings;

  constructor(
    private readonly context: StepContext,
    asked: Partial<ClientSettings> = {},
  ) {
    this.asked = { ...ASKED, ...asked };
  }

  connect(): this {
    this.toServer([connectionRequest(this.asked)]);
    return this;
  }

  /** Connected, granted and active. */
  admitted(desktop: Desktop): this {
    this.connect().event({ type: 'admitted', desktop });
    return this;
  }

  event(event: ConnectionEvent): void {
    const { state, send, effects } = step(this.server, event, this.context);
    if (state.step !== this.server.step) this.steps.push(state.step);
    this.server = state;
    this.effects.push(...effects);
    for (const bytes of send) this.toClient(bytes);
    if (effects.some(({ type }) => type === 'startTls')) {
      this.event({ type: 'tlsEstablished' });
      const outcome = tlsEstablished(this.asked, Protocol.SSL);
      this.client = outcome.state;
      this.toServer(outcome.send);
    }
  }

  toServer(packets: readonly Uint8Array[]): void {
    for (const bytes of packets) {
      this.sent.push(bytes);
      this.event({ type: 'packet', packet: { kind: bytes[0] === 3 ? 'tpkt' : 'fastPath', bytes } });
    }
  }

  /** The client's state and share, once it is active. */
  get active(): Extract<ClientState, { step: 'active' }> {
    if (this.client.step !== 'active') throw new Error(`the client is in ${this.client.step}`);
    return this.client;
  }

  toClient(bytes: Uint8Array): void {
    this.received.push(bytes);
    const { state, send, effects } = clientStep(
      this.client,
      { kind: bytes[0] === 3 ? 'tpkt' : 'fastPath', bytes },
      this.asked,
      this.fragments,
    );
    this.client = state;
    this.clientEffects.push(...effects);
    this.toServer(send);
  }
}
