/**
 * The values of a section that this engine writes: JSON, each value checked when it is read, because a state comes from a file. Pure.
 */
import { StateError, type StateSection } from '../saved-state.js';

/** The most numbers of one list: what may wait for a guest. */
const LIST_MOST = 1 << 21;

export const jsonSection = (name: string, version: number, value: object): StateSection => ({ name, version, bytes: new TextEncoder().encode(JSON.stringify(value)) });

export class Values {
  private constructor(
    private readonly place: string,
    private readonly content: Readonly<Record<string, unknown>>,
  ) {}

  /** @throws StateError for a section that is missing, of another version or no object */
  static of(sections: readonly StateSection[], name: string, version: number): Values {
    const section = sectionOf(sections, name, version);
    try {
      return new Values(name, record(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(section.bytes))));
    } catch (cause) {
      throw new StateError(`section ${name} of the state is no list of values: the state is damaged`, { cause });
    }
  }

  number(name: string): number {
    const value = this.content[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : this.#fail(name, 'number');
  }

  flag(name: string): boolean {
    const value = this.content[name];
    return typeof value === 'boolean' ? value : this.#fail(name, 'truth value');
  }

  text(name: string): string {
    const value = this.content[name];
    return typeof value === 'string' ? value : this.#fail(name, 'text');
  }

  /** Whole numbers from 0 to `most`. */
  numbers(name: string, most: number): number[] {
    const value = this.content[name];
    const fits = (item: unknown): item is number => Number.isInteger(item) && (item as number) >= 0 && (item as number) <= most;
    return Array.isArray(value) && value.length <= LIST_MOST && value.every(fits) ? value : this.#fail(name, `list of numbers from 0 to ${most}`);
  }

  within(name: string): Values {
    try {
      return new Values(`${this.place}.${name}`, record(this.content[name]));
    } catch {
      return this.#fail(name, 'list of values');
    }
  }

  has(name: string): boolean {
    return Object.hasOwn(this.content, name);
  }

  all(name: string): Values[] {
    const value = this.content[name];
    if (!Array.isArray(value) || value.length > LIST_MOST) return this.#fail(name, 'list');
    return value.map((item, index) => {
      if (typeof item !== 'object' || item === null) return this.#fail(name, 'list of values');
      return new Values(`${this.place}.${name}[${index}]`, item as Record<string, unknown>);
    });
  }

  #fail(name: string, wanted: string): never {
    throw new StateError(`${this.place}.${name} of the state is no ${wanted}: the state is damaged`);
  }
}

/** @throws StateError for a section that is missing or of another version */
export function sectionOf(sections: readonly StateSection[], name: string, version: number): StateSection {
  const section = sections.find((candidate) => candidate.name === name);
  if (!section) throw new StateError(`the state has no section ${name}: it is incomplete, discard it`);
  if (section.version !== version) throw new StateError(`section ${name} of the state has version ${section.version}, and this engine reads ${version}: start it with the version that saved it, or discard the state`);
  return section;
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object');
  return value as Record<string, unknown>;
}
