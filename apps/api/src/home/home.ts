/** Where everything that one host owns is kept: the folder BELVEDERE_HOME and the names in it. Pure. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Longest path of a unix socket, in bytes: Linux takes 107, macOS and the BSDs 103. */
const socketLimit = process.platform === 'linux' ? 107 : 103;

export class Home {
  readonly database: string;
  readonly runFolder: string;
  readonly socket: string;
  readonly tokenFile: string;
  /** Held by the one API of this home. */
  readonly lockFile: string;
  readonly logFolder: string;
  /** Where new machines are made unless the system property says otherwise. */
  readonly machineFolder: string;
  /** The remote display servers' key and certificate. */
  readonly identityFolder: string;

  /** @throws when the path leaves no room for a machine's control socket */
  constructor(readonly folder: string) {
    this.database = join(folder, 'belvedere.db');
    this.runFolder = join(folder, 'run');
    this.socket = join(this.runFolder, 'api.sock');
    this.tokenFile = join(this.runFolder, 'api.token');
    this.lockFile = join(this.runFolder, 'api.lock');
    this.logFolder = join(folder, 'logs');
    this.machineFolder = join(folder, 'machines');
    this.identityFolder = join(folder, 'identity');
    const spare = socketLimit - Buffer.byteLength(this.controlSocket('00000000-0000-0000-0000-000000000000'));
    if (spare < 0) throw new Error(`the path ${folder} is ${-spare} bytes too long for the sockets in it: set BELVEDERE_HOME to a shorter one`);
  }

  controlSocket(uuid: string): string {
    return join(this.runFolder, `${uuid}.sock`);
  }

  exitFile(uuid: string): string {
    return join(this.runFolder, `${uuid}.exit`);
  }

  /** Where a machine's process records logins; `.old` beside it is what came before. */
  auditFile(uuid: string): string {
    return join(this.runFolder, `${uuid}.audit`);
  }
}

/** `BELVEDERE_HOME`, else this system's folder for a user's data. */
export function homeFolder(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  if (env.BELVEDERE_HOME) return resolve(env.BELVEDERE_HOME);
  const user = env.HOME || homedir();
  if (platform === 'darwin') return join(user, 'Library', 'Application Support', 'belvedere');
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(user, 'AppData', 'Local'), 'belvedere');
  return join(env.XDG_DATA_HOME || join(user, '.local', 'share'), 'belvedere');
}
