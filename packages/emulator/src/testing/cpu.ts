/**
 * What a guest finds its processor to have, at each portability level, for any engine: it is what the engine says that it finds.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { SettingsError, type Engine } from '../engine.js';
import { findFirmware, type Firmware } from '../firmware.js';
import { Bench, PLAIN } from './bench.js';
import * as guests from './guests.js';

/** Bits of leaf 1, as Linux names them. [Intel SDM] volume 2A, CPUID */
const ECX: Readonly<Record<string, number>> = { pni: 0, popcnt: 23, rdrand: 30, hypervisor: 31 };
const EDX: Readonly<Record<string, number>> = { fpu: 0, pse: 3, tsc: 4, msr: 5, pae: 6, cx8: 8, sep: 11, pge: 13, cmov: 15, mmx: 23, fxsr: 24, sse: 25, sse2: 26 };

export function describeCpu(engine: Engine): void {
  describe('a processor', () => {
    let firmware: Firmware;
    beforeAll(async () => {
      firmware = await findFirmware();
    });

    const levels = engine.limits.cpuPortabilityLevel;
    test.each(Array.from({ length: levels.max - levels.min + 1 }, (_unused, index) => levels.min + index))('at portability level %d', async (level) => {
      const bench = await Bench.boot(engine, firmware, guests.cpuid(), { cpuPortabilityLevel: level });
      try {
        const view = new DataView(Uint8Array.from(await bench.take(12)).buffer);
        const [highest, ecx, edx] = [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true)];
        const has = (bits: Readonly<Record<string, number>>, value: number): string[] => Object.keys(bits).filter((name) => (value >>> bits[name]!) & 1);
        // `erms` stands in leaf 7.
        const found = [...has(EDX, edx), ...has(ECX, ecx), ...(highest >= 7 ? ['erms'] : [])];
        expect(found.sort()).toEqual([...engine.cpuFeatures(level)].sort());
      } finally {
        await bench.machine.powerOff();
      }
    });

    test('has fewer features, the higher the level', () => {
      for (let level = levels.min; level < levels.max; level++) {
        expect(engine.cpuFeatures(level)).toEqual(expect.arrayContaining([...engine.cpuFeatures(level + 1)]));
        expect(engine.cpuFeatures(level + 1).length).toBeLessThan(engine.cpuFeatures(level).length);
      }
      expect(() => engine.validate({ ...PLAIN, cpuPortabilityLevel: levels.max + 1 })).toThrow(SettingsError);
    });
  });
}
