/** The shapes of control requests, checked before a handler sees them. Pure. */
import { isRecord } from './lines.js';
import { ControlError, type ControlMethod } from './messages.js';
import type { MediumFormat } from './spec.js';

type Check = (value: unknown) => boolean;

const number: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const whole: Check = (value) => Number.isSafeInteger(value);
const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const list =
  (element: Check, most: number): Check =>
  (value) =>
    Array.isArray(value) && value.length <= most && value.every(element);
const record =
  (fields: Record<string, Check>): Check =>
  (value) =>
    isRecord(value) && Object.entries(fields).every(([key, check]) => check(value[key]));
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const nothing = record({});
const formats: readonly unknown[] = ['VDI', 'VMDK', 'VHD', 'RAW', 'ISO'] satisfies MediumFormat[];
const format: Check = (value) => formats.includes(value);
const byte: Check = (value) => number(value) && (value as number) <= 0xff;
const port: Check = (value) => number(value) && (value as number) <= 0xffff;
const texts: Check = (value) => isRecord(value) && Object.values(value).every(text);
const vrde = record({
  enabled: flag,
  ports: list(port, 65536),
  addresses: list(text, 64),
  authType: (value) => value === 'null' || value === 'external' || value === 'guest',
  authLibrary: text,
  multiConnection: flag,
  reuseConnection: flag,
  simpleUsers: texts,
  properties: texts,
});

const forward = record({ name: text, protocol: (value) => value === 'tcp' || value === 'udp', hostAddress: text, hostPort: port, guestAddress: text, guestPort: port });

const shapes: Record<ControlMethod, Check> = {
  status: nothing,
  pause: nothing,
  resume: nothing,
  reset: nothing,
  powerOff: nothing,
  saveState: nothing,
  takeSnapshot: record({ stateFile: text, branches: list(record({ controller: text, port: number, device: number, path: text, uuid: text, parent: text }), 64) }),
  absorbParent: record({ controller: text, port: number, device: number }),
  teleport: record({ host: text, port, password: text, maxDowntime: number }),
  powerButton: nothing,
  putScancodes: record({ scancodes: list(byte, 4096) }),
  putString: record({ text }),
  screenshot: record({ screen: number }),
  changeScreen: record({ screen: number, size: optional(record({ width: number, height: number })), place: optional(record({ on: flag, x: whole, y: whole })) }),
  setVrde: record({ vrde }),
  setAdapter: record({ slot: number, cableConnected: flag, forwards: list(forward, 256) }),
  disconnectClient: record({ id: number }),
  lockouts: nothing,
  unlock: record({ name: optional(text) }),
  setMedium: record({ controller: text, port: number, device: number, medium: orNull(record({ path: text, format, readOnly: flag, parents: list(record({ uuid: text, path: text, format }), 256) })), force: flag }),
};

/** @throws ControlError `E_INVALIDARG` for parameters that `method` does not take */
export function checkParams(method: ControlMethod, params: unknown): void {
  if (!shapes[method](params)) throw new ControlError('E_INVALIDARG', `wrong parameters for control method '${method}'`);
}
