export { Client, type ClientOptions } from './client.js';
export type * from './contract.js';
export { NoAnswer, type Door } from './door.js';
export { ApiError, RESULT_CODES, type ResultCode } from './error.js';
export { findHome, type Home } from './home.js';
export { startApi } from './start.js';
