// The jest settings every workspace shares: tests are compiled with the rest by `tsc` and run from dist, as native ESM.
import { fileURLToPath } from 'node:url';

export default {
  rootDir: 'dist',
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  // two cores may be busy with another workspace's tests
  testTimeout: 30_000,
  // counts for the closing line of `npm test`
  reporters: ['default', fileURLToPath(new URL('./tools/setup/jest-summary.mjs', import.meta.url))],
};
