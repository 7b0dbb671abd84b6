/**
 * A machine's devices as bytes, for the way to another host: a header in JSON, then each section from a new page on, so that what is the
 * same in an early and a final state is the same at the same place. Pure.
 */
import { type DeviceState, StateError } from '@belvedere/emulator';

const PAGE = 4096;
const SECTIONS = 64;

const pad = (length: number): number => Math.ceil(length / PAGE) * PAGE;

interface Header {
  readonly engine: string;
  readonly engineVersion: string;
  readonly hardware: Readonly<Record<string, string>>;
  readonly memorySize: number;
  readonly sections: readonly { readonly name: string; readonly version: number; readonly length: number }[];
}

export function devicesToBytes({ engine, engineVersion, hardware, memorySize, sections }: DeviceState): Uint8Array {
  const listed = sections.map(({ name, version, bytes }) => ({ name, version, length: bytes.length }));
  const header = Buffer.from(JSON.stringify({ engine, engineVersion, hardware, memorySize, sections: listed } satisfies Header));
  const bytes = new Uint8Array(pad(4 + header.length) + listed.reduce((sum, { length }) => sum + pad(length), 0));
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  let at = pad(4 + header.length);
  for (const { bytes: section } of sections) {
    bytes.set(section, at);
    at += pad(section.length);
  }
  return bytes;
}

/** @throws StateError for what is none */
export function devicesFromBytes(bytes: Uint8Array): DeviceState {
  if (bytes.length < 4) throw new StateError('the device state is empty');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (length > bytes.length - 4) throw new StateError('the device state is cut short');
  const { engine, engineVersion, hardware, memorySize, sections } = parse(bytes.subarray(4, 4 + length));
  let at = pad(4 + length);
  const found = sections.map(({ name, version, length: size }) => {
    if (size > bytes.length - at) throw new StateError(`the device state is cut short in section ${name}`);
    const section = { name, version, bytes: bytes.slice(at, at + size) };
    at += pad(size);
    return section;
  });
  return { engine, engineVersion, hardware, memorySize, sections: found };
}

function parse(bytes: Uint8Array): Header {
  try {
    const header = JSON.parse(Buffer.from(bytes).toString('utf8')) as Header;
    const { engine, engineVersion, hardware, memorySize, sections } = header;
    const isHeader =
      typeof engine === 'string' && typeof engineVersion === 'string' && Number.isSafeInteger(memorySize) && typeof hardware === 'object' && hardware !== null &&
      Object.values(hardware).every((value) => typeof value === 'string') && Array.isArray(sections) && sections.length <= SECTIONS &&
      sections.every((section) => typeof section?.name === 'string' && isCount(section.version) && isCount(section.length));
    if (!isHeader) throw new Error('other fields than a state has');
    return header;
  } catch (cause) {
    throw new StateError(`the device state cannot be read: ${(cause as Error).message}`, { cause });
  }
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
