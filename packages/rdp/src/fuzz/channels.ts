/**
 * What a client may send in its channels, mutated: against the services that stand behind them.
 *
 * State of one run: chance.
 */
import { Cursor, encode } from '@belvedere/wire';
import { ClientChannels } from '../client/channels.js';
import { CHANNEL_PDU, chunks } from '../pdu/channel.js';
import * as disp from '../pdu/displayControl.js';
import * as dvc from '../pdu/dynamicChannel.js';
import { SEND_DATA_INDICATION } from '../pdu/mcs.js';
import { decodeData } from '../pdu/x224.js';
import { plainLayer } from '../security/index.js';
import { Channels } from '../server/channels.js';
import { DisplayControl } from '../server/displayControl.js';
import { Gate } from '../server/policy.js';
import type { Link } from '../server/state.js';
import { mutated, type Random } from './random.js';

/** Most messages of one run. */
const MESSAGES = 8;

const layout = (random: Random): Uint8Array => {
  const monitor = { Flags: 1, Left: 0, Top: 0, Width: 2 * random.below(5000), Height: random.below(10_000), PhysicalWidth: 0, PhysicalHeight: 0, Orientation: 0, DesktopScaleFactor: 100, DeviceScaleFactor: 100 };
  const body = encode(disp.DISPLAYCONTROL_MONITOR_LAYOUT_PDU, { Monitors: Array.from({ length: random.below(18) }, () => monitor) });
  return encode(disp.DISPLAYCONTROL_HEADER, { Type: disp.DisplayControlType.MONITOR_LAYOUT, body });
};

/** A client that answers as it should, and then says what it should not. @param took hears all that the server is sent. @returns how far it came */
export function channels(random: Random, took: (bytes: Uint8Array) => void): string {
  const link = { client: { channels: [{ id: 1004, name: dvc.DRDYNVC, options: 0, offered: true }] }, security: plainLayer('server') } as unknown as Link;
  let asked = 0;
  const off = random.below(8) === 0;
  const gate = new Gate((feature) => !(off && feature === 'display'));
  const toServer: Uint8Array[] = [];
  const client = new ClientChannels([{ name: disp.DISPLAY_CONTROL, opened: () => ({ message: () => undefined }) }], (packet) => void toServer.push(packet));
  const server = new Channels(link, gate, (packets) => {
    for (const packet of packets) client.receive(SEND_DATA_INDICATION.decode(new Cursor(decodeData(packet))).userData);
  });
  const deliver = (packet: Uint8Array): void => {
    took(packet);
    server.receive(dvc.DRDYNVC, packet);
  };
  server.start([
    new DisplayControl(([{ Width, Height }]) => {
      if (off || Width < 200 || Width > 8192 || Height < 200 || Height > 8192) throw new Error(`${Width}x${Height} were asked for`);
      asked++;
    }),
  ]);
  for (let left = random.below(MESSAGES); left >= 0; left--) {
    for (let packet = toServer.shift(); packet; packet = toServer.shift()) deliver(random.below(10) === 0 ? mutated(packet, random) : packet);
    const message = random.below(6) ? layout(random) : random.bytes(random.below(4000));
    for (const pdu of dvc.dataPdus(random.below(8) ? 1 : 2, message)) {
      const changed = random.below(6) === 0 ? mutated(pdu, random) : pdu;
      for (const chunk of chunks(changed)) {
        const packet = encode(CHANNEL_PDU, chunk);
        deliver(random.below(12) === 0 ? mutated(packet, random) : packet);
      }
    }
    if (random.below(12) === 0) server.policyChanged();
  }
  server.end();
  return asked > 0 ? 'heard' : 'quiet';
}
