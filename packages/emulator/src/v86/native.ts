/** As much of koffi as is used here; it is loaded when a machine is moved, and not before. */
export interface Koffi {
  address(memory: ArrayBufferView): bigint | number;
  errno(): number;
  load(library: null): { func(declaration: string): (...values: unknown[]) => number };
}
