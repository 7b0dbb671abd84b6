/** The remote display's port list and addresses, as they are typed. Pure. */
import { isIP } from 'node:net';
import { invalid } from '../http/api-error.js';

export const defaultPorts = '3389';

/** Reads `5000,5010-5012`. @returns every port, in the order to be tried, each once. @throws ApiError */
export function parsePorts(text: string): number[] {
  const ports = new Set<number>();
  for (const part of text.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,5})\s*(?:-\s*(\d{1,5})\s*)?$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined || from < 1 || to > 65535) throw invalid(`VRDE ports '${text}': '${part.trim()}' is no port: give numbers from 1 to 65535 and ranges, such as 5000,5010-5012`);
    if (from > to) throw invalid(`VRDE ports '${text}': the range '${part.trim()}' runs backwards: write ${to}-${from}`);
    for (let port = from; port <= to; port++) ports.add(port);
  }
  return [...ports];
}

/** `default` and `0` mean 3389, as they do for VirtualBox. @returns the text to keep. @throws ApiError */
export function normalPorts(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === '0' || trimmed.toLowerCase() === 'default') return defaultPorts;
  parsePorts(trimmed);
  return trimmed.replace(/\s+/g, '');
}

/** @returns the addresses to listen on; none: all of the host */
export const parseAddresses = (text: string): string[] => text.split(',').map((address) => address.trim()).filter(Boolean);

/** @returns the text to keep: empty for all addresses. @throws ApiError for what is no IP address */
export function normalAddresses(text: string): string {
  const addresses = parseAddresses(text);
  const wrong = addresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined) throw invalid(`VRDE address '${wrong}' is no IP address: give addresses of this host, comma-separated, or nothing for all of them`);
  return addresses.includes('0.0.0.0') && addresses.length === 1 ? '' : addresses.join(',');
}
