/**
 * What the API's program does, with BELVEDERE_HOME and BELVEDERE_PORT from the environment.
 *
 * To file descriptor 3, where a pipe was given, goes one line: `{"ready":true}` once a door answers, its own or that of the API which
 * has this home already; or `{"error":"..."}`. SIGTERM, SIGINT and SIGHUP stop it; machines go on.
 */
import { closeSync, fstatSync, statSync, writeSync } from 'node:fs';
import { type Api, HomeInUseError, startApi } from './api.js';
import { answersAt } from './doors/answers.js';
import { Home, homeFolder } from './home/home.js';
import { textOf } from './http/api-error.js';
import { ApiLogger } from './logging/logger.js';
import { whenFolderChanges } from './concurrency/waiting.js';

/** How long the API that has this home may take to open its door, in milliseconds. */
const otherLimit = 15_000;

/** @param machineProgram as in `ApiOptions` */
export async function main(machineProgram?: string): Promise<void> {
  const logger = new ApiLogger();
  // What is made here and by machines is its owner's alone.
  process.umask(0o077);
  const home = homeFolder();
  let api: Api;
  try {
    api = await startApi({ home, port: tcpPort(), logger, ...(machineProgram === undefined ? {} : { machineProgram }) });
  } catch (error) {
    if (error instanceof HomeInUseError) return leaveItToTheOther(home);
    logger.fatal(textOf(error));
    report({ error: textOf(error) });
    process.exitCode = 1;
    return;
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => void api.stop());
  logger.log(`ready at ${new Home(home).socket} and ${api.url}`);
  report({ ready: true });
  await api.stopped;
  logger.log('stopped');
}

/** @throws for a value that is no port */
function tcpPort(): number {
  const text = process.env.BELVEDERE_PORT ?? '';
  const port = text === '' ? 0 : Number(text);
  if (!/^\d{0,5}$/.test(text) || port > 65535) throw new Error(`BELVEDERE_PORT is '${text}': give a port from 1 to 65535, or nothing for any that is free`);
  return port;
}

/** The API that was faster is the one to ask: whoever started this one may, once it answers. */
async function leaveItToTheOther(folder: string): Promise<void> {
  const home = new Home(folder);
  const answers = await whenFolderChanges(home.runFolder, async () => ((await answersAt(home.socket)) ? true : undefined), AbortSignal.timeout(otherLimit));
  report(answers ? { ready: true } : { error: `another API has the home ${folder} but did not answer in ${otherLimit / 1000} s: end it, then try again` });
  process.exitCode = answers ? 0 : 1;
}

function report(word: { ready: true } | { error: string }): void {
  try {
    const given = fstatSync(3);
    // Node.js 20 leaves symbolic links in the paths of modules unresolved while the last file it was asked about, here, was a pipe.
    statSync(process.execPath);
    if (!given.isFIFO() && !given.isSocket()) return;
    writeSync(3, `${JSON.stringify(word)}\n`);
    closeSync(3);
  } catch {
    // Nobody asked, or whoever did is gone.
  }
}
