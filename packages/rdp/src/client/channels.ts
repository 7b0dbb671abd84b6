/**
 * The client's manager of dynamic virtual channels: answers the server's, by who listens here.
 *
 * [MS-RDPEDYC] 3.2.5. State of one connection; writing is the client's.
 */
import { Cursor, decode, encode } from '@belvedere/wire';
import { Assembly, CHANNEL_PDU, ChunkReader, chunks } from '../pdu/channel.js';
import * as dvc from '../pdu/dynamicChannel.js';

/** Who listens for dynamic channels of one name. */
export interface ClientListener {
  readonly name: string;
  /** The server has opened one. @param say sends a message in it */
  opened(say: (message: Uint8Array) => void): ClientChannel;
}

/** One channel that is open. */
export interface ClientChannel {
  message(message: Uint8Array): void;
  /** By the server. */
  closed?(): void;
}

/** Bytes of the longest message that is put together. */
const MAX_MESSAGE = 16 << 20;

/** No listener of that name: ERROR_NOT_FOUND as an HRESULT. */
const NOT_FOUND = -2147023728;

export class ClientChannels {
  /** Answered to a server that offers as much. */
  static readonly VERSION = 3;
  private readonly reader = new ChunkReader(MAX_MESSAGE);
  private readonly open = new Map<number, { readonly name: string; channel?: ClientChannel; assembly?: Assembly }>();

  /** @param write sends a packet in the static channel */
  constructor(
    private readonly listeners: readonly ClientListener[],
    private readonly write: (packet: Uint8Array) => void,
  ) {}

  /** A packet in the static channel. @throws WireError */
  receive(packet: Uint8Array): void {
    const { length, flags, virtualChannelData } = CHANNEL_PDU.decode(new Cursor(packet));
    const pdu = this.reader.take(length, flags, virtualChannelData);
    if (pdu) this.take(pdu);
  }

  /** Ends a channel from this side. */
  close(name: string): void {
    for (const [ChannelId, each] of this.open) {
      if (each.name !== name) continue;
      this.open.delete(ChannelId);
      this.say(encode(dvc.DYNVC_CLOSE, { ChannelId }));
    }
  }

  private take(pdu: Uint8Array): void {
    switch (dvc.cmdOf(pdu)) {
      case dvc.Cmd.CAPABILITY:
        return this.say(encode(dvc.DYNVC_CAPS_RSP, { Version: Math.min(decode(dvc.DYNVC_CAPS, pdu).Version, ClientChannels.VERSION) }));
      case dvc.Cmd.CREATE:
        return this.create(pdu);
      case dvc.Cmd.DATA_FIRST: {
        const { ChannelId, Length, Data } = decode(dvc.DYNVC_DATA_FIRST, pdu);
        const channel = this.open.get(ChannelId);
        if (channel) channel.assembly = new Assembly(Length, MAX_MESSAGE, 'DYNVC_DATA_FIRST.Length');
        return this.data(ChannelId, Data);
      }
      case dvc.Cmd.DATA: {
        const { ChannelId, Data } = decode(dvc.DYNVC_DATA, pdu);
        return this.data(ChannelId, Data);
      }
      case dvc.Cmd.CLOSE: {
        const { ChannelId } = decode(dvc.DYNVC_CLOSE, pdu);
        const channel = this.open.get(ChannelId);
        if (!channel) return;
        this.open.delete(ChannelId);
        this.say(encode(dvc.DYNVC_CLOSE, { ChannelId }));
        channel.channel?.closed?.();
      }
    }
  }

  private create(pdu: Uint8Array): void {
    const { ChannelId, ChannelName } = decode(dvc.DYNVC_CREATE_REQ, pdu);
    const listener = this.listeners.find(({ name }) => name === ChannelName);
    this.say(encode(dvc.DYNVC_CREATE_RSP, { ChannelId, CreationStatus: listener ? 0 : NOT_FOUND }));
    if (!listener) return;
    const entry: { name: string; channel?: ClientChannel } = { name: ChannelName };
    this.open.set(ChannelId, entry);
    entry.channel = listener.opened((message) => {
      if (this.open.get(ChannelId) === entry) for (const each of dvc.dataPdus(ChannelId, message)) this.say(each);
    });
  }

  private data(ChannelId: number, part: Uint8Array): void {
    const channel = this.open.get(ChannelId);
    if (!channel) return;
    const { assembly } = channel;
    if (!assembly) return channel.channel?.message(part);
    assembly.add(part);
    if (!assembly.complete) return;
    channel.assembly = undefined;
    channel.channel?.message(assembly.message);
  }

  private say(pdu: Uint8Array): void {
    for (const chunk of chunks(pdu)) this.write(encode(CHANNEL_PDU, chunk));
  }
}
