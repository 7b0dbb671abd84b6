/** What benchmarks and tests of other workspaces need of this package's inside. */
export { ENCRYPTION_LEVEL, ENCRYPTION_METHOD, Rc4, standardLayer } from './security/index.js';
export * as graphics from './graphics/testing.js';
