/** Tests that need real viewers: skipped with a printed reason where they are not installed, but never where everything can be installed. */
import { describe } from '@jest/globals';
import type { Program } from './programs.js';
import { available } from './viewer.js';

/** A group of tests with these viewers. Where CI runs as root nothing excuses a missing one. */
export function describeWith(programs: readonly Program[], name: string, tests: () => void): void {
  const reasons = programs.map(available).filter((reason) => reason !== undefined);
  const mustRun = process.env.CI === 'true' && process.getuid?.() === 0;
  if (reasons.length === 0) return void describe(name, tests);
  if (mustRun) throw new Error(`${name} cannot run: ${reasons.join('; ')}`);
  process.stderr.write(`skipped: ${name}: ${reasons.join('; ')}\n`);
  describe.skip(name, tests);
}
