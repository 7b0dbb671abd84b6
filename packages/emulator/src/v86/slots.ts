/**
 * Drive slots by name. Pure.
 */
export type Place = { readonly bus: 'ide'; readonly channel: number; readonly device: number } | { readonly bus: 'floppy'; readonly drive: number };

/** Reads `ide<channel>-<device>` or `floppy<drive>`; undefined for anything else. */
export function parseSlot(slot: string): Place | undefined {
  const ide = /^ide([0-9])-([0-9])$/.exec(slot);
  if (ide) return { bus: 'ide', channel: Number(ide[1]), device: Number(ide[2]) };
  const floppy = /^floppy([0-9])$/.exec(slot);
  return floppy ? { bus: 'floppy', drive: Number(floppy[1]) } : undefined;
}
