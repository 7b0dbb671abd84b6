import base from '../../jest.base.mjs';

export default { ...base, rootDir: '.', testMatch: ['**/*.test.mjs'] };
