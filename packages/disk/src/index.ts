export type { BlockDevice, Format, Image, Variant } from './ports.js';
export { ImageError, ImageLockedError, NoSpaceError } from './errors.js';
export { type Device, type ImageInfo, type OpenOptions, deleteImage, openImage, probeFormat, readImageInfo } from './open.js';
export { createVdi, type CreateOptions } from './create.js';
export { floppySizes } from './raw.js';
