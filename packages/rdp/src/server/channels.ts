/**
 * The channels of one client: what it says in them is brought to who stands behind each, as far as it may, and what they say to it.
 *
 * [MS-RDPBCGR] 3.1.5.2.2 (static channels), [MS-RDPEDYC] (dynamic ones). State of one client; writing is its connection's.
 */
import { Cursor, encode } from '@belvedere/wire';
import { CHANNEL_PDU, ChunkReader, chunks } from '../pdu/channel.js';
import { dataPdus, DRDYNVC, DYNVC_PDU_LENGTH } from '../pdu/dynamicChannel.js';
import { SEND_DATA_INDICATION, SERVER_USER_ID } from '../pdu/mcs.js';
import { ChannelOption } from '../pdu/settings.js';
import { encodeData } from '../pdu/x224.js';
import { type DynamicEvent, type DynamicState, dynamicStep } from './dynamicChannels.js';
import { featureOf, type Gate } from './policy.js';
import type { Link } from './state.js';

/** What stands behind a dynamic channel, for one client. */
export interface DynamicService {
  /** The listener that the client is asked for. */
  readonly name: string;
  /** What it is known by here, where there may be several of its name. */
  readonly key?: string;
  /** Bytes of the longest message that is taken of the client. */
  readonly limit: number;
  /** The client listens. @param say sends it a message; without effect once the channel is closed */
  opened(say: (message: Uint8Array) => void): void;
  /** @throws WireError or ProtocolError, which end the connection */
  message(message: Uint8Array): void;
  closed(): void;
  /** The client has nobody who listens there. */
  unheard?(): void;
}

const keyOf = ({ key, name }: DynamicService): string => key ?? name;

export class Channels {
  private state: DynamicState = { step: 'idle' };
  private readonly reader = new ChunkReader(DYNVC_PDU_LENGTH);
  private readonly services = new Map<string, DynamicService>();
  /** Keys of the dynamic channels that are open, and the number of each. */
  private readonly open = new Map<string, number>();

  constructor(
    private readonly link: Link,
    private readonly gate: Gate,
    private readonly write: (packets: readonly Uint8Array[]) => void,
  ) {}

  /** Offers the client what it may use of these. Once. */
  start(services: readonly DynamicService[]): void {
    if (!this.carrier || !this.gate.opens('dynamicChannels')) return;
    this.step({ type: 'start' });
    for (const service of services) this.add(service);
  }

  /** Offers the client one more. */
  add(service: DynamicService): void {
    this.services.set(keyOf(service), service);
    this.offer(service);
  }

  /** Takes one back: its channel is closed, and nothing of it is heard any more. */
  remove(service: DynamicService): void {
    if (this.services.get(keyOf(service)) !== service) return;
    this.step({ type: 'close', key: keyOf(service) });
    this.open.delete(keyOf(service));
    this.services.delete(keyOf(service));
  }

  /** What is permitted has changed: dynamic channels open and close. */
  policyChanged(): void {
    for (const service of [...this.services.values()]) this.offer(service);
  }

  private offer(service: DynamicService): void {
    const { name, limit } = service;
    if (this.gate.opens('dynamicChannels') && this.gate.opens(featureOf(name))) return this.step({ type: 'open', key: keyOf(service), name, limit });
    this.step({ type: 'close', key: keyOf(service) });
    this.gone(keyOf(service));
  }

  /** A packet in a static channel. @param name empty for one that the client has not asked for */
  receive(name: string, packet: Uint8Array): void {
    if (!this.gate.passes(featureOf(name), 1) || name !== DRDYNVC || this.state.step === 'idle') return;
    const { length, flags, virtualChannelData } = CHANNEL_PDU.decode(new Cursor(packet));
    const bytes = this.reader.take(length, flags, virtualChannelData);
    if (bytes) this.step({ type: 'received', bytes });
  }

  /** The client has gone. */
  end(): void {
    for (const key of [...this.open.keys()]) this.gone(key);
    this.services.clear();
    this.state = { step: 'idle' };
  }

  private get carrier() {
    return this.link.client.channels.find(({ name, offered }) => name === DRDYNVC && offered);
  }

  private gone(key: string): void {
    if (this.open.delete(key)) this.services.get(key)?.closed();
  }

  private step(event: DynamicEvent): void {
    const { state, send, effects } = dynamicStep(this.state, event);
    this.state = state;
    this.send(send);
    for (const effect of effects) {
      const { key, name } = effect;
      switch (effect.type) {
        case 'opened':
          this.open.set(key, effect.id);
          this.services.get(key)?.opened((message) => {
            if (this.open.get(key) === effect.id) this.send(dataPdus(effect.id, message));
          });
          break;
        case 'message':
          if (this.gate.passes(featureOf(name), 1)) this.services.get(key)?.message(effect.message);
          break;
        case 'late':
          this.gate.passes(featureOf(name), 1);
          break;
        case 'closed':
          if (this.open.get(key) === effect.id) this.gone(key);
          break;
        case 'unheard':
          this.services.get(key)?.unheard?.();
      }
    }
  }

  private send(messages: readonly Uint8Array[]): void {
    const { carrier } = this;
    if (carrier && messages.length) this.write(messages.flatMap((message) => channelPackets(this.link, carrier, message)));
  }
}

/** A message in a static channel, as packets. */
function channelPackets({ security }: Link, { id, options }: { readonly id: number; readonly options: number }, message: Uint8Array): Uint8Array[] {
  return chunks(message, (options & ChannelOption.CHANNEL_OPTION_SHOW_PROTOCOL) !== 0).map((chunk) =>
    encodeData(encode(SEND_DATA_INDICATION, { initiator: SERVER_USER_ID, channelId: id, userData: security.wrap(0, encode(CHANNEL_PDU, chunk)) })),
  );
}
