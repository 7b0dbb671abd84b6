/** Progress of long work on standard error, as VirtualBox's commands print it. */
import type { Output } from './output.js';

/** Prints `0%...` while `work` is under way and `10%...20%...` to `100%` when it is done; a failed one ends the line. */
export async function withProgress<T>(output: Output, work: Promise<T>): Promise<T> {
  output.writeNote('0%...');
  try {
    const result = await work;
    output.writeNote('10%...20%...30%...40%...50%...60%...70%...80%...90%...100%\n');
    return result;
  } catch (error) {
    output.writeNote('FAILED\n');
    throw error;
  }
}
