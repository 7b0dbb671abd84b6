/** What the API takes and says of a move to another host. */
import { Flag, Nested, Text, Whole } from '../http/fields.js';

export class Teleport {
  @Text({ max: 255, doc: 'name or address of the host where the target waits' }) host: string;
  @Whole({ min: 1, max: 65535 }) port: number;
  @Text({ optional: true, max: 1024, doc: "the target's teleporter password; absent: none, and nobody proves who is at the other end" }) password?: string;
  @Whole({ optional: true, min: 1, max: 3_600_000, doc: 'milliseconds that the guest may stand still; default 250' }) maxDowntime?: number;
}

/** Milliseconds, one part after the other. */
export class DowntimeParts {
  @Whole({ doc: 'until the guest stood still' }) pause: number;
  @Whole({ doc: 'its last pages: found, read, sent' }) pages: number;
  @Whole({ doc: 'its devices: saved, sent; and the disks flushed, where that took longer' }) devices: number;
  @Whole({ doc: 'the target takes it all in' }) load: number;
  @Whole({ doc: 'disks change hands, and the guest goes on' }) handOver: number;
}

export class Teleported {
  @Whole({ doc: 'milliseconds that the guest stood still' }) downtime: number;
  @Nested(() => DowntimeParts, { doc: 'what it stood still for' }) parts: DowntimeParts;
  @Whole({ doc: 'milliseconds' }) total: number;
  @Whole({ doc: 'sent' }) bytes: number;
  @Whole({ doc: 'times that changed memory was sent while the guest ran' }) rounds: number;
  @Flag({ doc: 'false: the line was encrypted, and nobody proved who was at its other end' }) authenticated: boolean;
}
