/** What tests and benchmarks of other workspaces need: desktops that are drawn, and how well a finder does on one. */
export { Desktop } from './testing/desktop.js';
export { type RecordedFrame, type Score, Scorer } from './testing/score.js';
