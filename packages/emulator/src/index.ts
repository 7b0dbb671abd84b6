/**
 * A PC: hardware settings in, a running machine out.
 */
export * from './ports.js';
export * from './engine.js';
export type { Arrival, Departure, DeviceState, PageRun } from './moving.js';
export { bounds, DESK_MOST, places, type DeskScreen, type Place } from './desk.js';
export { hardwareOf } from './hardware.js';
export { hardwareDifferences, StateError, type MemoryRun, type SavedState, type StateSection } from './saved-state.js';
export { findFirmware, firmwareCacheFolder, firmwareFolders, type Firmware } from './firmware.js';
export { v86Engine } from './v86/engine.js';
export { findPasst, passtCacheFolder } from './nat/passt.js';
export { Nat, type NatOptions } from './nat/nat.js';
export { natNetwork, usualNetwork, type NatNetwork } from './nat/network.js';
export { PortForwardError, type PortForward } from './nat/port-forwards.js';
