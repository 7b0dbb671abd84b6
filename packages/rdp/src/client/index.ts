/** The client of `@belvedere/rdp`, for tests, benchmarks and relays. */
export { RdpClient, type ClientOptions, type RdpClientEvents } from './client.js';
export type { ClientChannel, ClientListener } from './channels.js';
export { type Decoder, type Film, VideoPlayer } from './player.js';
export { Framebuffer } from './framebuffer.js';
export type { ClientSettings, ClientShare, ClientState } from './state.js';
export { type InputEvent, KeyboardFlags, PointerFlags, PointerXFlags } from '../pdu/input.js';
