/** Opening a port: the first free one of a list, on one address or on all. Not pure: sockets. */
import { createServer, type Server, type Socket } from 'node:net';

/** The port that is open. */
export const portOf = (listener: Server): number => {
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the server is not listening');
  return address.port;
};

/** Every address of the host: of both families, or of IPv4 where there is no IPv6. */
const EVERYWHERE = ['::', '0.0.0.0'];
/** What an operating system says where it has no IPv6. */
const NO_IPV6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL']);

/**
 * Listens on the first port of the list that is free on all addresses.
 *
 * @param addresses empty: every address of the host
 * @throws Error naming every port and why it could not be opened
 */
export async function openPort(
  ports: readonly number[],
  addresses: readonly string[],
  accept: (socket: Socket) => void,
): Promise<Server[]> {
  const problems: string[] = [];
  for (const port of ports) {
    try {
      return await listenOn(port, addresses, accept);
    } catch (error) {
      problems.push(`port ${port}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`the remote display found no port to listen on: ${problems.join('; ') || 'none was named'}`);
}

async function listenOn(port: number, addresses: readonly string[], accept: (socket: Socket) => void): Promise<Server[]> {
  if (addresses.length === 0) {
    const [both, ipv4] = EVERYWHERE;
    return [
      await listenAt(port, both, accept).catch((error: NodeJS.ErrnoException) => {
        if (NO_IPV6.has(error.code ?? '')) return listenAt(port, ipv4, accept);
        throw error;
      }),
    ];
  }
  const open: Server[] = [];
  try {
    for (const address of addresses) open.push(await listenAt(open.length ? portOf(open[0]) : port, address, accept));
    return open;
  } catch (error) {
    for (const listener of open) listener.close();
    throw error;
  }
}

const listenAt = (port: number, host: string, accept: (socket: Socket) => void): Promise<Server> =>
  new Promise((resolve, reject) => {
    const listener = createServer({ noDelay: true }, accept);
    listener.once('error', reject);
    listener.listen({ port, host }, () => {
      listener.off('error', reject);
      resolve(listener);
    });
  });
