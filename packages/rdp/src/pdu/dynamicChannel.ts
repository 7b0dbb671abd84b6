/**
 * Dynamic virtual channels: what the two managers say to each other in the static channel `drdynvc`.
 *
 * [MS-RDPEDYC] 2.2. The soft-sync PDUs (2.2.5) belong to transports over UDP and are not here. Pure.
 */
import { type Codec, constant, type Cursor, encode, pdu, rest, s32le, u16le, u32le, u8, WireError, zeroes } from '@belvedere/wire';
import { ansi } from './fields.js';

/** The static channel that carries them. */
export const DRDYNVC = 'drdynvc';

/** Bytes of the longest PDU. [MS-RDPEDYC] 3.1.5.1.4 */
export const DYNVC_PDU_LENGTH = 1600;

/** `Cmd`: the high half of a PDU's first byte. */
export const Cmd = { CREATE: 1, DATA_FIRST: 2, DATA: 3, CLOSE: 4, CAPABILITY: 5, DATA_FIRST_COMPRESSED: 6, DATA_COMPRESSED: 7 } as const;

/** The `Cmd` of a PDU. */
export function cmdOf(bytes: Uint8Array): number {
  if (bytes.length === 0) throw new WireError('DYNVC_PDU.Cmd', 0, 'need 1 byte, have 0');
  return bytes[0] >> 4;
}

/** The numbers of one, two and four octets that `cbId` and `Len` choose between. */
const SIZES = [u8, u16le, u32le] as const;
const codeOf = (value: number): number => (value <= 0xff ? 0 : value <= 0xffff ? 1 : 2);
const sized = (code: number, input: Cursor): number => {
  const codec = SIZES[code] ?? input.fail(`a number's length is coded as ${code}`);
  return codec.decode(input);
};

type Middle = 'Pri' | 'Length' | undefined;
type Headed<M extends Middle, T> = { readonly ChannelId: number } & (M extends string ? { readonly [K in M]: number } : unknown) & T;

/**
 * A PDU with a channel in its header.
 * @param middle what the two bits between `cbId` and `Cmd` are about: a priority, the length of `Length`, or nothing, and then they are ignored
 */
const channelPdu = <M extends Middle, T>(name: string, cmd: number, middle: M, body: Codec<T>): Codec<Headed<M, T>> => {
  type V = Headed<M, T> & { Pri: number; Length: number };
  const length = ({ Length }: V): number => (middle === 'Length' ? SIZES[codeOf(Length)].size(Length) : 0);
  return {
    size: (value) => 1 + SIZES[codeOf(value.ChannelId)].size(value.ChannelId) + length(value as V) + body.size(value),
    encode(value, out) {
      const { ChannelId, Pri, Length } = value as V;
      out.where = `${name}.header`;
      const bits = middle === 'Pri' ? Pri : middle === 'Length' ? codeOf(Length) : 0;
      if (bits > 3) out.fail(`priority ${bits} is above 3`);
      u8.encode((cmd << 4) | (bits << 2) | codeOf(ChannelId), out);
      out.where = `${name}.ChannelId`;
      SIZES[codeOf(ChannelId)].encode(ChannelId, out);
      if (middle === 'Length') SIZES[codeOf(Length)].encode(Length, out);
      body.encode(value, out);
    },
    decode(input) {
      input.where = `${name}.header`;
      const header = u8.decode(input);
      if (header >> 4 !== cmd) input.fail(`Cmd is ${header >> 4}, expected ${cmd}`);
      input.where = `${name}.ChannelId`;
      const ChannelId = sized(header & 3, input);
      const bits = (header >> 2) & 3;
      input.where = `${name}.Length`;
      const more = middle === 'Pri' ? { Pri: bits } : middle === 'Length' ? { Length: sized(bits, input) } : {};
      return { ChannelId, ...more, ...body.decode(input) } as Headed<M, T>;
    },
  };
};

export const DYNVC_CREATE_REQ = channelPdu('DYNVC_CREATE_REQ', Cmd.CREATE, 'Pri', pdu('DYNVC_CREATE_REQ', '[MS-RDPEDYC] 2.2.2.1', { ChannelName: ansi() }));

/** `CreationStatus` is an HRESULT: negative where the client has nobody who listens. */
export const DYNVC_CREATE_RSP = channelPdu('DYNVC_CREATE_RSP', Cmd.CREATE, undefined, pdu('DYNVC_CREATE_RSP', '[MS-RDPEDYC] 2.2.2.2', { CreationStatus: s32le }));

/** `Length` is that of the whole message. */
export const DYNVC_DATA_FIRST = channelPdu('DYNVC_DATA_FIRST', Cmd.DATA_FIRST, 'Length', pdu('DYNVC_DATA_FIRST', '[MS-RDPEDYC] 2.2.3.1', { Data: rest }));
export const DYNVC_DATA = channelPdu('DYNVC_DATA', Cmd.DATA, undefined, pdu('DYNVC_DATA', '[MS-RDPEDYC] 2.2.3.2', { Data: rest }));
export const DYNVC_CLOSE = channelPdu('DYNVC_CLOSE', Cmd.CLOSE, undefined, pdu('DYNVC_CLOSE', '[MS-RDPEDYC] 2.2.4', {}));

/** The first byte of PDUs without a channel. */
const CAPABILITY_HEADER = constant(u8, Cmd.CAPABILITY << 4);

/** Shares of the bandwidth; `undefined` of version 1, which has none. */
const charges = { PriorityCharge0: u16le, PriorityCharge1: u16le, PriorityCharge2: u16le, PriorityCharge3: u16le };

export const DYNVC_CAPS_VERSION1 = pdu('DYNVC_CAPS_VERSION1', '[MS-RDPEDYC] 2.2.1.1.1', { header: CAPABILITY_HEADER, Pad: zeroes(1), Version: constant(u16le, 1) });
export const DYNVC_CAPS_VERSION2 = pdu('DYNVC_CAPS_VERSION2', '[MS-RDPEDYC] 2.2.1.1.2', { header: CAPABILITY_HEADER, Pad: zeroes(1), Version: constant(u16le, 2), ...charges });
export const DYNVC_CAPS_VERSION3 = pdu('DYNVC_CAPS_VERSION3', '[MS-RDPEDYC] 2.2.1.1.3', { header: CAPABILITY_HEADER, Pad: zeroes(1), Version: constant(u16le, 3), ...charges });
export const DYNVC_CAPS_RSP = pdu('DYNVC_CAPS_RSP', '[MS-RDPEDYC] 2.2.1.2', { header: CAPABILITY_HEADER, Pad: zeroes(1), Version: u16le });

/** What only the version of a server's capabilities tells: what follows it. */
export const DYNVC_CAPS = pdu('DYNVC_CAPS', '[MS-RDPEDYC] 2.2.1.1', { header: CAPABILITY_HEADER, Pad: zeroes(1), Version: u16le, priorityCharges: rest });

/** Bytes of a PDU's data, where its channel's identifier is all that stands before them. */
const room = (ChannelId: number): number => DYNVC_PDU_LENGTH - 1 - SIZES[codeOf(ChannelId)].size(ChannelId);

/** A message as PDUs: as it is where it fits one, else in fragments. [MS-RDPEDYC] 3.1.5.1.4 */
export function dataPdus(ChannelId: number, message: Uint8Array): Uint8Array[] {
  const most = room(ChannelId);
  if (message.length <= most) return [encode(DYNVC_DATA, { ChannelId, Data: message })];
  const first = most - SIZES[codeOf(message.length)].size(message.length);
  const pdus = [encode(DYNVC_DATA_FIRST, { ChannelId, Length: message.length, Data: message.subarray(0, first) })];
  for (let at = first; at < message.length; at += most) pdus.push(encode(DYNVC_DATA, { ChannelId, Data: message.subarray(at, at + most) }));
  return pdus;
}
