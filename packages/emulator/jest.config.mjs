import base from '../../jest.base.mjs';

// A PC boots in each of most tests: one second of processor time, and many more on a host that does other things.
export default { ...base, testTimeout: 60_000 };
