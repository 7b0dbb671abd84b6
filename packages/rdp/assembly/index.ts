/** The kernels' face: what src/graphics/kernels.ts calls. */
export { absorb, gather, pack } from './frame';
export { compressInterleaved } from './interleaved';
export { compressPlanar } from './planar';
export { convert15, convert16, convert8 } from './colour';
