/** The client of `@belvedere/rdp`, for tests and benchmarks. */
export { RdpClient, type ClientOptions, type RdpClientEvents } from './client.js';
export { Framebuffer } from './framebuffer.js';
export type { ClientSettings, ClientShare, ClientState } from './state.js';
