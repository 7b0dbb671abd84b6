// The jest settings every workspace shares: tests are compiled with the rest by `tsc` and run from dist, as native ESM.
export default {
  rootDir: 'dist',
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
};
