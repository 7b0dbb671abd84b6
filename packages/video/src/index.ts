export { VideoFinder } from './finder.js';
export { encodeJpeg } from './jpeg.js';
export type { Rect, Region, VideoChanges, VideoStream } from './ports.js';
