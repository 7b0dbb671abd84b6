/**
 * Where a client is to go: the packet of a Server Redirection PDU.
 *
 * [MS-RDPBCGR] 2.2.13.1 (RDP_SERVER_REDIRECTION_PACKET). Pure.
 */
import { type Codec, Cursor, constant, encode, lengthOf, pdu, rest, u16le, u32le, utf16, type Value } from '@belvedere/wire';

/** `redirFlags` bits: which fields are there. */
export const RedirFlags = { LB_TARGET_NET_ADDRESS: 0x1, LB_USERNAME: 0x4, LB_DOMAIN: 0x8, LB_PASSWORD: 0x10, LB_TARGET_FQDN: 0x100 } as const;

const SEC_REDIRECTION_PKT = 0x0400;

/** Text behind its length in bytes, which counts the terminator. */
const text = pdu('RDP_SERVER_REDIRECTION_PACKET', '[MS-RDPBCGR] 2.2.13.1', { length: lengthOf('text', u32le), text: utf16(true) });

/** The fields of a packet that may be missing, in wire order. */
const FIELDS = [
  [RedirFlags.LB_TARGET_NET_ADDRESS, 'TargetNetAddress'],
  [RedirFlags.LB_USERNAME, 'UserName'],
  [RedirFlags.LB_DOMAIN, 'Domain'],
  [RedirFlags.LB_PASSWORD, 'Password'],
  [RedirFlags.LB_TARGET_FQDN, 'TargetFQDN'],
] as const;
const KNOWN = FIELDS.reduce((all, [flag]) => all | flag, 0);

export type Redirection = { readonly sessionID: number } & { readonly [Name in (typeof FIELDS)[number][1]]?: string };

const packet = pdu('RDP_SERVER_REDIRECTION_PACKET', '[MS-RDPBCGR] 2.2.13.1', {
  flags: constant(u16le, SEC_REDIRECTION_PKT),
  length: lengthOf('fields', u16le, 12),
  sessionID: u32le,
  redirFlags: u32le,
  fields: rest,
});

/** `redirFlags` and the fields' lengths are computed; the packet's padding is left out, as it may be. Other fields than these are refused when read. */
export const RDP_SERVER_REDIRECTION_PACKET: Codec<Redirection> = {
  size: (value) => packet.size(whole(value)),
  encode: (value, out) => packet.encode(whole(value), out),
  decode(input) {
    const { sessionID, redirFlags, fields } = packet.decode(input);
    if (redirFlags & ~KNOWN) input.fail(`redirFlags 0x${redirFlags.toString(16)} has bits that are not known`);
    const inner = new Cursor(fields);
    const found: { -readonly [Name in keyof Redirection]?: string } = {};
    for (const [flag, name] of FIELDS) {
      if (!(redirFlags & flag)) continue;
      inner.where = `RDP_SERVER_REDIRECTION_PACKET.${name}`;
      const length = u32le.decode(inner);
      found[name as Exclude<keyof Redirection, 'sessionID'>] = utf16(true).decode(new Cursor(inner.takeBytes(length)));
    }
    return { ...(found as Omit<Redirection, 'sessionID'>), sessionID };
  },
};

function whole({ sessionID, ...values }: Redirection): Value<typeof packet> {
  const present = FIELDS.filter(([, name]) => values[name] !== undefined);
  const parts = present.map(([, name]) => encode(text, { text: values[name]! }));
  return { sessionID, redirFlags: present.reduce((flags, [flag]) => flags | flag, 0), fields: Buffer.concat(parts) };
}
