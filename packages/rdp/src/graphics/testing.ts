/** What benchmarks and tests of other workspaces need of the graphics inside: encoders, their plain twins, and pictures. */
export * from './index.js';
export { bytesPerPel } from './colour.js';
export { Frame } from './frame.js';
export { compressInterleaved } from './interleaved.twin.js';
export { compressPlanar } from './planar.twin.js';
export { chequered, flat, gradient, noise, patchwork, photograph, type Picture, screenBytes, text, windows } from './pictures.js';
