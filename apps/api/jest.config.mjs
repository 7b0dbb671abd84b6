import base from '../../jest.base.mjs';

// Tests start processes, on machines that may be busy with others.
export default { ...base, testTimeout: 60_000 };
