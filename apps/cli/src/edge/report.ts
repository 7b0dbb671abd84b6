/** Turns errors into what VirtualBox's commands print and exit with. The one place that does. */
import { ApiError, RESULT_CODES } from '@belvedere/client';
import { UsageError } from '../table/command.js';
import type { Output } from './output.js';

/** VirtualBox's component of an interface, where it is not named after it. */
const components: Readonly<Record<string, string>> = { IVirtualBox: 'VirtualBoxWrap' };

/**
 * Prints an error as `PROGRAM: error: ...` and what to do.
 * @returns the exit code
 */
export function report(error: unknown, program: string, output: Output): number {
  const say = (text: string): void => output.note(`${program}: error: ${text}`);
  if (error instanceof ApiError) {
    say(error.message);
    say(detailsOf(error));
    for (const line of error.details) say(line);
    say(`Context: "${error.request}"`);
  } else {
    for (const line of textOf(error).split('\n')) say(line);
    if (error instanceof UsageError) output.note(`Type '${program} ${error.command && error.command !== program ? `help ${error.command}` : '--help'}' for help.`);
  }
  return 1;
}

function detailsOf({ code, component, interfaceName = 'IVirtualBox' }: ApiError): string {
  const number = `0x${RESULT_CODES[code].toString(16).padStart(8, '0')}`;
  return `Details: code ${code} (${number}), component ${component ?? components[interfaceName] ?? `${interfaceName.slice(1)}Wrap`}, interface ${interfaceName}, callee nsISupports`;
}

/** The text of anything thrown, with the texts of its causes. */
function textOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  const { message, cause } = error as Error;
  return cause === undefined ? message : `${message}: ${textOf(cause)}`;
}
