/**
 * Display control: the sizes and places that a client would like its monitors to have.
 *
 * [MS-RDPEDISP] 2.2. Pure.
 */
import { array, constant, countOf, lengthOf, pdu, rest, s32le, u32le, type Value } from '@belvedere/wire';

/** The listener's name. [MS-RDPEDISP] 2.1 */
export const DISPLAY_CONTROL = 'Microsoft::Windows::RDS::DisplayControl';

/** `Type` of DISPLAYCONTROL_HEADER. */
export const DisplayControlType = { MONITOR_LAYOUT: 0x00000002, CAPS: 0x00000005 } as const;

/** `Length` counts the header too. */
export const DISPLAYCONTROL_HEADER = pdu('DISPLAYCONTROL_HEADER', '[MS-RDPEDISP] 2.2.1.1', { Type: u32le, Length: lengthOf('body', u32le, 8), body: rest });

/** Behind its header. The largest area, in pixels, is the product of the three. */
export const DISPLAYCONTROL_CAPS_PDU = pdu('DISPLAYCONTROL_CAPS_PDU', '[MS-RDPEDISP] 2.2.2.1', {
  MaxNumMonitors: u32le,
  MaxMonitorAreaFactorA: u32le,
  MaxMonitorAreaFactorB: u32le,
});

/** `Flags`: the monitor at 0, 0. */
export const DISPLAYCONTROL_MONITOR_PRIMARY = 0x00000001;

/** Bytes of a DISPLAYCONTROL_MONITOR_LAYOUT. */
export const MONITOR_LAYOUT_LENGTH = 40;

/** Pixels; physical sizes in millimetres, scale factors in percent. */
export const DISPLAYCONTROL_MONITOR_LAYOUT = pdu('DISPLAYCONTROL_MONITOR_LAYOUT', '[MS-RDPEDISP] 2.2.2.2.1', {
  Flags: u32le,
  Left: s32le,
  Top: s32le,
  Width: u32le,
  Height: u32le,
  PhysicalWidth: u32le,
  PhysicalHeight: u32le,
  Orientation: u32le,
  DesktopScaleFactor: u32le,
  DeviceScaleFactor: u32le,
});
export type MonitorLayout = Value<typeof DISPLAYCONTROL_MONITOR_LAYOUT>;

/** Behind its header. */
export const DISPLAYCONTROL_MONITOR_LAYOUT_PDU = pdu('DISPLAYCONTROL_MONITOR_LAYOUT_PDU', '[MS-RDPEDISP] 2.2.2.2', {
  MonitorLayoutSize: constant(u32le, MONITOR_LAYOUT_LENGTH),
  NumMonitors: countOf('Monitors', u32le),
  Monitors: array(DISPLAYCONTROL_MONITOR_LAYOUT),
});
