/** Progress of long work on standard error, as VirtualBox's commands print it. */
import type { Output } from './output.js';

/** After how many milliseconds work counts as long. */
const LONG = 250;

/** Prints `0%...` once `work` takes its time, and up to `100%` when it is done. What is refused at once prints nothing. */
export async function withProgress<T>(output: Output, work: Promise<T>): Promise<T> {
  let begun = false;
  const begin = (): void => {
    if (!begun) output.writeNote('0%...');
    begun = true;
  };
  const timer = setTimeout(begin, LONG);
  try {
    const result = await work;
    begin();
    output.writeNote('10%...20%...30%...40%...50%...60%...70%...80%...90%...100%\n');
    return result;
  } catch (error) {
    if (begun) output.writeNote('FAILED\n');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
