/**
 * What has to be the same on both sides before anything is touched. Pure.
 *
 * A side describes itself with plain values; each difference is named with both. What only describes (names, folders, notes) is no part of it.
 */

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

export interface Description {
  readonly engine: { readonly name: string; readonly version: string };
  /** SHA-256 by name, in hexadecimal digits. */
  readonly firmware: Readonly<Record<string, string>>;
  /** What the guest can see of its hardware. */
  readonly hardware: { readonly [key: string]: Plain };
  /** Processor features: the guest has seen the source's, so the target has to have them all. */
  readonly features: readonly string[];
  readonly snapshots: number;
  readonly memoryBytes: number;
}

/** What stands against a move, one sentence each; empty when nothing does. */
export function differences(source: Description, target: Description): string[] {
  const found: string[] = [];
  for (const [side, { snapshots }] of [['source', source], ['target', target]] as const) {
    if (snapshots > 0) found.push(`the ${side} has ${snapshots} snapshot${snapshots === 1 ? '' : 's'}: delete them, or move a machine without`);
  }
  compare('engine', { ...source.engine }, { ...target.engine }, found);
  compare('firmware', source.firmware, target.firmware, found);
  compare('', { ...source.hardware, memoryBytes: source.memoryBytes }, { ...target.hardware, memoryBytes: target.memoryBytes }, found);
  const missing = source.features.filter((feature) => !target.features.includes(feature));
  if (missing.length > 0) found.push(`processor features that the guest has seen are missing at the target: ${missing.join(', ')}`);
  return found;
}

function compare(path: string, source: Plain | undefined, target: Plain | undefined, found: string[]): void {
  if (isTree(source) && isTree(target)) {
    const [left, right] = [entries(source), entries(target)];
    for (const key of [...new Set([...left.keys(), ...right.keys()])].sort()) {
      compare(path === '' ? key : `${path}.${key}`, left.get(key), right.get(key), found);
    }
  } else if (JSON.stringify(source) !== JSON.stringify(target)) {
    found.push(`${path} is ${show(source)} at the source and ${show(target)} at the target`);
  }
}

type Tree = readonly Plain[] | { readonly [key: string]: Plain };
const isTree = (value: Plain | undefined): value is Tree => typeof value === 'object' && value !== null;
/** A list by position, a record by name. */
const entries = (tree: Tree): Map<string, Plain> => new Map(Object.entries(tree));
const show = (value: Plain | undefined): string => (value === undefined ? 'not there' : JSON.stringify(value).slice(0, 200));

/** @throws Error naming the field, when `value` is no description */
export function checkDescription(value: unknown): Description {
  const record = asRecord(value, 'description');
  const engine = asRecord(record['engine'], 'engine');
  const { firmware, hardware } = { firmware: asRecord(record['firmware'], 'firmware'), hardware: asRecord(record['hardware'], 'hardware') };
  const { features, snapshots, memoryBytes } = record;
  if (typeof engine['name'] !== 'string' || typeof engine['version'] !== 'string') throw new Error('engine is not named');
  if (!Object.values(firmware).every((hash) => typeof hash === 'string')) throw new Error('firmware is not text');
  if (!Array.isArray(features) || features.length > 1000 || !features.every((feature) => typeof feature === 'string')) throw new Error('features is no list of names');
  if (!isCount(snapshots)) throw new Error('snapshots is no count');
  if (!isCount(memoryBytes) || memoryBytes === 0 || memoryBytes % 4096 !== 0) throw new Error('memoryBytes is no number of pages');
  return {
    engine: { name: engine['name'], version: engine['version'] },
    firmware: firmware as Record<string, string>,
    hardware: hardware as Record<string, Plain>,
    features: features as string[],
    snapshots,
    memoryBytes,
  };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function asRecord(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${name} is no record`);
  return value as Record<string, unknown>;
}
