/** The two shapes of VirtualBox's listings: a padded label with its value, and `key="value"` for programs. Pure. */

/** `Label:   value`, the value at column `width`. */
export const labelled = (label: string, value: string | number, width: number): string => `${`${label}:`.padEnd(width)}${value}\n`;

/** A value in quotes; quotes and backslashes in it are escaped. */
export const quoted = (value: string): string => `"${value.replace(/[\\"]/g, '\\$&')}"`;

/** `key="value"`. */
export const keyed = (key: string, value: string): string => `${key}=${quoted(value)}\n`;

export const onOff = (on: boolean): string => (on ? 'on' : 'off');

/** An ISO 8601 time as VirtualBox prints a machine's: nine decimals, UTC without its letter. */
export const longTime = (iso: string): string => new Date(iso).toISOString().replace(/\.(\d{3})Z$/, '.$1000000');

/** An ISO 8601 time as VirtualBox prints a session's. */
export const sessionTime = (iso: string): string => new Date(iso).toISOString().replace(/^(\d+)-(\d+)-(\d+)T(.*)\.\d+Z$/, '$1/$2/$3 $4 UTC');

/** Whole seconds as `1d 02:03:04`, days only where there are any. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  const clock = [hours, minutes, seconds % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return days > 0 ? `${days}d ${clock}` : clock;
}
