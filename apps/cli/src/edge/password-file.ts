/** A password from a file, so that nobody sees it in the list of processes. */
import { readFile } from 'node:fs/promises';

/** Its first line. @throws Error naming the file */
export async function passwordIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => Promise.reject(new Error(`could not read the password in '${file}': ${cause.message}`, { cause })));
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '') throw new Error(`the first line of '${file}' is empty: it has to be the password`);
  return line;
}
