/** The first record: JSON, checked before it is believed. Pure. */
import { damaged } from './errors.js';
import { DEVICES_MOST, MEMORY_MOST, PAGE, SECTIONS_MOST } from './format.js';
import type { SavedMachine, SavedState, StateAbout } from './ports.js';

/** A section as the list has it; the last one is guest memory. */
export interface ListedSection {
  readonly name: string;
  readonly version: number;
  readonly length: number;
}

export interface Listed {
  readonly about: StateAbout;
  readonly sections: readonly ListedSection[];
}

export const MEMORY = 'memory';

export function listedOf(state: SavedState, machine: SavedMachine, savedAt: string): Listed {
  const { engine, engineVersion, hardware, memorySize } = state;
  return {
    about: { machine: { uuid: machine.uuid, name: machine.name }, savedAt, engine, engineVersion, hardware, memorySize },
    sections: [...state.sections.map(({ name, version, bytes }) => ({ name, version, length: bytes.length })), { name: MEMORY, version: 1, length: memorySize }],
  };
}

export const aboutBytes = (listed: Listed): Uint8Array => new TextEncoder().encode(JSON.stringify(listed));

/** @throws StateFileError with the value that is wrong */
export function parseAbout(path: string, bytes: Uint8Array): Listed {
  const fail = (what: string): never => {
    throw damaged(path, `its ${what} is wrong`);
  };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw damaged(path, 'its description cannot be read', { cause });
  }
  const listed = object(value) ?? fail('description');
  const about = object(listed.about) ?? fail('description');
  const text = (of: Readonly<Record<string, unknown>>, name: string): string => {
    const found = of[name];
    return typeof found === 'string' && found.length <= 1000 ? found : fail(name);
  };
  const whole = (of: Readonly<Record<string, unknown>>, name: string, most: number): number => {
    const found = of[name];
    return Number.isSafeInteger(found) && (found as number) >= 0 && (found as number) <= most ? (found as number) : fail(name);
  };
  const machine = object(about.machine) ?? fail('machine');
  const hardware = object(about.hardware) ?? fail('hardware');
  const memorySize = whole(about, 'memorySize', MEMORY_MOST);
  if (memorySize % PAGE !== 0) fail('memorySize');
  const list = Array.isArray(listed.sections) && listed.sections.length > 0 && listed.sections.length <= SECTIONS_MOST ? listed.sections : fail('list of sections');
  const sections = list.map((entry: unknown) => {
    const section = object(entry) ?? fail('list of sections');
    return { name: text(section, 'name'), version: whole(section, 'version', 0xffff_ffff), length: whole(section, 'length', MEMORY_MOST) };
  });
  const last = sections.at(-1)!;
  if (last.name !== MEMORY || last.version !== 1 || last.length !== memorySize) fail('section of guest memory');
  if (new Set(sections.map(({ name }) => name)).size !== sections.length) fail('list of sections');
  if (sections.slice(0, -1).reduce((total, { length }) => total + length, 0) > DEVICES_MOST) fail('list of sections');
  return {
    about: {
      machine: { uuid: text(machine, 'uuid'), name: text(machine, 'name') },
      savedAt: text(about, 'savedAt'),
      engine: text(about, 'engine'),
      engineVersion: text(about, 'engineVersion'),
      hardware: Object.fromEntries(Object.keys(hardware).map((name) => [name, text(hardware, name)])),
      memorySize,
    },
    sections,
  };
}

const object = (value: unknown): Record<string, unknown> | undefined => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined);
