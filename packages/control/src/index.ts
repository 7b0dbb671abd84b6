export type { AdapterSpec, BootDevice, DriveSpec, DriveType, ExitRecord, HardwareSpec, JudgementRecord, Lockout, MachineSpec, MediumFormat, MediumSpec, PortForwardSpec, SerialSpec, TeleporterSpec, VrdeSpec } from './spec.js';
export { ControlError } from './messages.js';
export type { BranchSpec, ControlEvents, ControlMethod, ControlMethods, DrivePlace, ErrorCode, MachineState, MachineStatus, Params, Result, ScreenChange, ScreenStatus, TeleportRequest, TeleportResult, VrdeClient, VrdeStatus } from './messages.js';
export { serveControl, type ControlHandlers, type ControlServer } from './server.js';
export { ControlClient } from './client.js';
export { checkParams } from './check.js';
