export { StateFileError } from './errors.js';
export type { MemoryRun, SavedMachine, SavedState, StateAbout, StateSection } from './ports.js';
export { openState, readAbout, verifyState, type StateFile } from './read.js';
export { writeState, type WriteOptions } from './write.js';
