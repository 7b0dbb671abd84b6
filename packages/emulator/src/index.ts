/**
 * A PC: hardware settings in, a running machine out.
 */
export * from './ports.js';
export * from './engine.js';
export { findFirmware, firmwareCacheFolder, firmwareFolders, type Firmware } from './firmware.js';
export { v86Engine } from './v86/engine.js';
