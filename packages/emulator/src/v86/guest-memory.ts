/**
 * Guest memory by pages, as it leaves and enters a machine that stands still.
 */
import { PAGE, StateError, type MemoryRun } from '../saved-state.js';
import type { Cpu } from './inside.js';

/** Bytes that one call hands out, at most. */
const PORTION = 1 << 20;
/** Below here firmware is loaded. */
const FIRMWARE_END = 1 << 20;

export interface MemoryPortion {
  readonly runs: readonly MemoryRun[];
  /** Where to go on; the memory's size at its end. */
  readonly next: number;
}

/** Memory as it is now: growing wasm memory detaches older views. */
export const view = (cpu: Cpu): Uint8Array => new Uint8Array(cpu.wasm_memory.buffer, cpu.mem8.byteOffset, cpu.mem8.length);

/** What a move carries as pages: memory, and behind it video memory. */
export const movingAreas = (cpu: Cpu): readonly Uint8Array[] => [view(cpu), new Uint8Array(cpu.wasm_memory.buffer, cpu.devices.vga.svga_memory.byteOffset, cpu.devices.vga.vga_memory_size)];

/** The next pages from `address` on that are not all zeroes, copied. */
export function readMemory(cpu: Cpu, address: number): MemoryPortion {
  const memory = view(cpu);
  const runs: MemoryRun[] = [];
  let [at, left] = [address, PORTION];
  while (at < memory.length && left > 0) {
    while (at < memory.length && cpu.is_memory_zeroed(at, PAGE)) at += PAGE;
    const start = at;
    while (at < memory.length && at - start < left && !cpu.is_memory_zeroed(at, PAGE)) at += PAGE;
    if (at > start) runs.push({ address: start, bytes: memory.slice(start, at) });
    left -= at - start;
  }
  return { runs, next: at };
}

/** @throws StateError for a run outside the memory */
export function writeMemory(cpu: Cpu, runs: readonly MemoryRun[]): void {
  const memory = view(cpu);
  for (const { address, bytes } of runs) {
    if (address < 0 || address % PAGE !== 0 || bytes.length % PAGE !== 0 || address + bytes.length > memory.length) {
      throw new StateError(`${bytes.length} bytes at ${address} are no pages of the ${memory.length} bytes of guest memory: the state is damaged`);
    }
    memory.set(bytes, address);
  }
}

/** Empties the memory of an emulator that was just built: firmware is all that is in it, and above it nothing was touched. */
export function clearMemory(cpu: Cpu): void {
  view(cpu).fill(0, 0, FIRMWARE_END);
}
