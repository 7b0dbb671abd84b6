export { Button, VirtualDisplay, type Window } from './display.js';
export { Glimpse } from './glimpse.js';
export { type Monitor } from './monitors.js';
export { colourAt, comparePictures, crop, type Difference, fromPng, type Picture, type Rect, shownBy, toPng } from './picture.js';
export { end, onPath, start } from './processes.js';
export type { Program, Security, Session } from './programs.js';
export { type Counts, type Direction, Relay } from './relay.js';
export { until } from './until.js';
export { available, type Exit, startViewer, type Viewer, type ViewerOptions } from './viewer.js';
