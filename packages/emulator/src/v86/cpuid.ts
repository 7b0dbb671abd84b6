/**
 * What a guest finds when it asks its processor for its features, by portability level: the higher, the fewer. v86 has its answers as constants
 * in its program, so a level is made by changing them there before it is compiled. Pure.
 */
export const PORTABILITY_LEVELS = { min: 0, max: 3 } as const;

/** Leaf 1: in ECX bit 0 `pni` (SSE3), 23 `popcnt`, 30 `rdrand`; in EDX bit 25 `sse`, 26 `sse2`. By level: what it hides beside what those below it do. */
const HIDDEN: readonly { readonly ecx: number; readonly edx: number; readonly names: readonly string[] }[] = [
  { ecx: 0, edx: 0, names: [] },
  { ecx: (1 << 23) | (1 << 30), edx: 0, names: ['popcnt', 'rdrand', 'erms'] },
  { ecx: 1 << 0, edx: 0, names: ['pni'] },
  { ecx: 0, edx: (1 << 25) | (1 << 26), names: ['sse', 'sse2'] },
];

/** As Linux names them. */
const ALL = 'fpu pse tsc msr pae cx8 sep pge cmov mmx fxsr sse sse2 pni popcnt rdrand hypervisor erms'.split(' ');

export function featuresAt(level: number): readonly string[] {
  const hidden = HIDDEN.slice(0, level + 1).flatMap(({ names }) => names);
  return ALL.filter((name) => !hidden.includes(name));
}

/** The highest leaf: `erms` stands in leaf 7, which is cut off. */
export const highestLeaf = (level: number): number | undefined => (level === 0 ? undefined : 3);

const ECX = 0xc0800001;
/** Without and with the APIC that ACPI brings. */
const EDX = [0x0780a979, 0x0780ab79];

/** @throws Error when a constant does not stand there exactly once: this is not the program that the levels were made for */
export function atLevel(program: Uint8Array, level: number): Uint8Array {
  if (level === 0) return program;
  const changed = Buffer.from(program);
  const { ecx, edx } = HIDDEN.slice(0, level + 1).reduce((sum, each) => ({ ecx: sum.ecx | each.ecx, edx: sum.edx | each.edx, names: [] }));
  replace(changed, ECX, ECX & ~ecx);
  for (const value of EDX) replace(changed, value, value & ~edx);
  return changed;
}

const I32_CONST = 0x41;

function replace(program: Buffer, from: number, to: number): void {
  const found = Buffer.from([I32_CONST, ...sleb128(from | 0)]);
  const at = program.indexOf(found);
  if (at < 0 || program.indexOf(found, at + 1) >= 0) {
    throw new Error(`the engine's program has the constant 0x${(from >>> 0).toString(16)} ${at < 0 ? 'nowhere' : 'in several places'}: its processor's features cannot be hidden, use portability level 0`);
  }
  program.set(sleb128(to | 0, found.length - 1), at + 1);
}

/** A signed LEB128 number, in `length` bytes where it could do with fewer. [WebAssembly] 5.2.2 */
function sleb128(value: number, length = 1): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const last = (rest >> 6 === 0 || rest >> 6 === -1) && bytes.length + 1 >= length;
    bytes.push((rest & 0x7f) | (last ? 0 : 0x80));
    if (last) return bytes;
  }
}
