/** What a command runs with: the API's client and a place to print. The one place that knows where the API's program is. */
import { Client, findHome, startApi } from '@belvedere/client';
import { createRequire } from 'node:module';
import type { Output } from './output.js';

export interface Context {
  readonly client: Client;
  readonly output: Output;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The client of this host's API, which is started when it does not run; or of the API at `BELVEDERE_URL` with
 * `BELVEDERE_TOKEN`, which is not.
 */
export function openClient(env: Environment = process.env, { start = true } = {}): Client {
  if (env.BELVEDERE_URL) {
    if (!env.BELVEDERE_TOKEN) throw new Error(`BELVEDERE_URL is set to ${env.BELVEDERE_URL}, but BELVEDERE_TOKEN is not: set it to that API's token`);
    return new Client({ door: { url: env.BELVEDERE_URL, token: env.BELVEDERE_TOKEN } });
  }
  const home = findHome(env);
  const door = { socketPath: home.socket };
  return new Client(start ? { door, start: async () => startApi(home, apiProgram()) } : { door });
}

function apiProgram(): string {
  try {
    return createRequire(import.meta.url).resolve('@belvedere/api/main');
  } catch (cause) {
    throw new Error("the API's program is not there: run 'npm run setup' in Belvedere's folder", { cause });
  }
}
