/**
 * A client that asks for another size of what it sees.
 *
 * [MS-RDPEDISP] 3.3.5. State of one client: that it was told what it may ask for.
 */
import { decode, encode } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import * as disp from '../pdu/displayControl.js';
import type { DynamicService } from './channels.js';

/** Monitors that a client may ask for. */
const MAX_MONITORS = 16;
/** Pixels along a monitor's sides. [MS-RDPEDISP] 2.2.2.2.1 */
const MIN_SIDE = 200;
const MAX_SIDE = 8192;

export class DisplayControl implements DynamicService {
  readonly name = disp.DISPLAY_CONTROL;
  readonly limit = 16 + MAX_MONITORS * disp.MONITOR_LAYOUT_LENGTH;

  /** @param ask is told what the client asks for: monitors as the standard allows them, the primary one first */
  constructor(private readonly ask: (monitors: readonly disp.MonitorLayout[]) => void) {}

  opened(say: (message: Uint8Array) => void): void {
    const body = encode(disp.DISPLAYCONTROL_CAPS_PDU, { MaxNumMonitors: MAX_MONITORS, MaxMonitorAreaFactorA: MAX_SIDE, MaxMonitorAreaFactorB: MAX_SIDE });
    say(encode(disp.DISPLAYCONTROL_HEADER, { Type: disp.DisplayControlType.CAPS, body }));
  }

  message(message: Uint8Array): void {
    const { Type, body } = decode(disp.DISPLAYCONTROL_HEADER, message);
    if (Type !== disp.DisplayControlType.MONITOR_LAYOUT) return; // newer than this version of the channel
    const { Monitors: monitors } = decode(disp.DISPLAYCONTROL_MONITOR_LAYOUT_PDU, body);
    if (monitors.length === 0 || monitors.length > MAX_MONITORS) {
      throw new ProtocolError(`${monitors.length} monitors, from 1 to ${MAX_MONITORS} can be asked for`, { state: 'active', pdu: 'DISPLAYCONTROL_MONITOR_LAYOUT_PDU', section: '[MS-RDPEDISP] 2.2.2.2' });
    }
    // What the standard does not allow is not asked of the guest, and not worth a session.
    if (!monitors.every(allowed)) return;
    this.ask([...monitors].sort((a, b) => (b.Flags & disp.DISPLAYCONTROL_MONITOR_PRIMARY) - (a.Flags & disp.DISPLAYCONTROL_MONITOR_PRIMARY)));
  }

  closed(): void {}
}

/** [MS-RDPEDISP] 2.2.2.2.1 */
const allowed = ({ Width, Height }: disp.MonitorLayout): boolean =>
  MIN_SIDE <= Width && Width <= MAX_SIDE && Width % 2 === 0 && MIN_SIDE <= Height && Height <= MAX_SIDE;
