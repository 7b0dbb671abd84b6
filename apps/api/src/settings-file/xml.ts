/**
 * XML text as elements that know their place, so that every error names it, and that notice which of them nobody read. Pure.
 *
 * Document types and entities of a file's own are refused before anything is parsed.
 */
import { ApiError } from '../http/api-error.js';

const options = {
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseAttributeValue: false,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  // A disk may hang on 256 others, one inside the other.
  maxNestedTags: 300,
};

export class XmlElement {
  private readonly read = new Map<string, XmlElement[]>();
  private readonly content: Readonly<Record<string, unknown>>;

  /** @param place such as `Machine/Hardware/Memory` */
  constructor(
    readonly place: string,
    content: unknown,
  ) {
    this.content = typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : { '#text': content };
  }

  /** All children called `name`. */
  all(name: string): readonly XmlElement[] {
    let children = this.read.get(name);
    if (!children) {
      const found = Object.hasOwn(this.content, name) ? this.content[name] : [];
      const list: unknown[] = Array.isArray(found) ? found : [found];
      children = list.map((content, index) => new XmlElement(`${this.place}/${name}${list.length > 1 ? `[${index + 1}]` : ''}`, content));
      this.read.set(name, children);
    }
    return children;
  }

  /** The one child called `name`. */
  child(name: string): XmlElement | undefined {
    const children = this.all(name);
    if (children.length > 1) throw new XmlError(this.place, `has ${children.length} elements ${name}, but may have one`);
    return children[0];
  }

  required(name: string): XmlElement {
    const child = this.child(name);
    if (!child) throw new XmlError(this.place, `has no element ${name}`);
    return child;
  }

  get text(): string {
    const text = this.content['#text'];
    return typeof text === 'string' ? decode(text, this.place) : '';
  }

  attribute(name: string): string | undefined {
    const value = Object.hasOwn(this.content, `@${name}`) ? this.content[`@${name}`] : undefined;
    return typeof value === 'string' ? decode(value, `${this.place}/@${name}`) : undefined;
  }

  requiredAttribute(name: string): string {
    const value = this.attribute(name);
    if (value === undefined) throw new XmlError(this.place, `has no attribute ${name}`);
    return value;
  }

  /** A whole number, decimal or `0x…`; `fallback` where the attribute is absent. */
  whole(name: string, fallback?: number): number {
    const text = fallback === undefined ? this.requiredAttribute(name) : this.attribute(name);
    if (text === undefined) return fallback as number;
    if (!/^(\d{1,15}|0x[0-9a-f]{1,12})$/i.test(text)) throw new XmlError(`${this.place}/@${name}`, `'${text}' is no whole number`);
    return Number(text);
  }

  flag(name: string, fallback: boolean): boolean {
    const text = this.attribute(name);
    if (text === undefined) return fallback;
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    throw new XmlError(`${this.place}/@${name}`, `'${text}' is neither true nor false`);
  }

  /** The key of `words` whose word the attribute holds. */
  word<K extends string>(name: string, words: Readonly<Record<K, string>>, fallback?: NoInfer<K>): K {
    const text = fallback === undefined ? this.requiredAttribute(name) : this.attribute(name);
    if (text === undefined) return fallback as K;
    const found = (Object.keys(words) as K[]).find((key) => words[key] === text);
    if (!found) throw new XmlError(`${this.place}/@${name}`, `'${text}' is none of ${Object.values(words).join(', ')}`);
    return found;
  }

  /** Places of the elements that nobody asked for, below this one. */
  unread(): string[] {
    const here = Object.keys(this.content).filter((name) => !name.startsWith('@') && name !== '#text' && !this.read.has(name));
    return [...here.map((name) => `${this.place}/${name}`), ...[...this.read.values()].flatMap((children) => children.flatMap((child) => child.unread()))];
  }
}

/** A file that is no settings file, with the place in it that is wrong. */
export class XmlError extends ApiError {
  constructor(place: string, problem: string, options?: ErrorOptions) {
    super('VBOX_E_XML_ERROR', `settings file: ${place}: ${problem}`, options);
  }
}

/** The root element of a document. @throws XmlError */
export async function parseXml(text: string, root: string): Promise<XmlElement> {
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new XmlError('document', 'it declares a document type or entities, which are not accepted: remove them');
  // Loaded for those who register machines: most starts of the API read no such file.
  const { XMLParser, XMLValidator } = await import('fast-xml-parser');
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new XmlError(`line ${valid.err.line}`, valid.err.msg);
  let document: Record<string, unknown>;
  try {
    document = new XMLParser(options).parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new XmlError('document', cause instanceof Error ? cause.message : String(cause), { cause });
  }
  const roots = Object.keys(document).filter((name) => name !== '#text');
  if (roots.length !== 1 || roots[0] !== root || Array.isArray(document[root])) throw new XmlError('document', `its root element is not <${root}>`);
  return new XmlElement(root, document[root]);
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decode(text: string, place: string): string {
  return text.replace(/&([^;&]{0,12});?/g, (whole, name: string) => {
    const code = /^#x([0-9a-f]{1,6})$/i.exec(name)?.[1];
    const point = code ? parseInt(code, 16) : /^#\d{1,7}$/.test(name) ? Number(name.slice(1)) : undefined;
    if (point !== undefined && isCharacter(point)) return String.fromCodePoint(point);
    if (Object.hasOwn(named, name)) return named[name] as string;
    throw new XmlError(place, `'${whole}' is no entity that XML has`);
  });
}

/** XML 1.0, production Char. */
const isCharacter = (point: number): boolean =>
  point === 9 || point === 10 || point === 13 || (point >= 0x20 && point <= 0xd7ff) || (point >= 0xe000 && point <= 0xfffd) || (point >= 0x10000 && point <= 0x10ffff);
