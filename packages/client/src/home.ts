/** Where one host keeps what Belvedere owns: BELVEDERE_HOME and the files in it that a client needs. Pure. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Longest path of a unix socket, in bytes: Linux takes 107, other systems 103. */
const SOCKET_PATH_LIMIT = process.platform === 'linux' ? 107 : 103;

export interface Home {
  readonly folder: string;
  /** The API's own door: whoever may open it may command. */
  readonly socket: string;
  /** The bearer token of the API's TCP door, new at each start. */
  readonly tokenFile: string;
  readonly apiLog: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds the home folder: `BELVEDERE_HOME`, else the system's data folder.
 * @throws when its path leaves no room for a unix socket
 */
export function findHome(env: Environment = process.env, platform: NodeJS.Platform = process.platform): Home {
  const folder = resolve(env.BELVEDERE_HOME || join(dataFolder(env, platform), 'belvedere'));
  const socket = join(folder, 'run', 'api.sock');
  if (Buffer.byteLength(socket) > SOCKET_PATH_LIMIT) {
    throw new Error(`the path of the API's socket is longer than ${SOCKET_PATH_LIMIT} bytes: ${socket}; choose a shorter BELVEDERE_HOME`);
  }
  return { folder, socket, tokenFile: join(folder, 'run', 'api.token'), apiLog: join(folder, 'logs', 'api.log') };
}

function dataFolder(env: Environment, platform: NodeJS.Platform): string {
  const home = env.HOME || homedir();
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  if (platform === 'win32') return env.LOCALAPPDATA || join(home, 'AppData', 'Local');
  return env.XDG_DATA_HOME || join(home, '.local', 'share');
}
