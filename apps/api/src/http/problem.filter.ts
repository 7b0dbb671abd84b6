/** Everything thrown becomes the one shape of error that the API answers with, here and nowhere else. */
import { ControlError } from '@belvedere/control';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { ApiError, type ApiErrorCode, httpStatus, textOf } from './api-error.js';
import type { Problem } from './problem.dto.js';

/** VirtualBox's name for the object behind an interface. */
const components: Readonly<Record<string, string>> = {
  IVirtualBox: 'VirtualBoxWrap',
  IMachine: 'MachineWrap',
  IMedium: 'MediumWrap',
  IVRDEServer: 'VRDEServerWrap',
  IConsole: 'ConsoleWrap',
  ISystemProperties: 'SystemPropertiesWrap',
};

@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<ServerResponse>();
    const { status, problem, known } = problemFrom(error);
    if (!known) this.log.error(`request failed: ${textOf(error)}`, error instanceof Error ? error.stack : undefined);
    if (response.headersSent) response.destroy();
    else sendProblem(response, status, problem);
  }

}

/** Anything thrown as what the API answers. `known`: it says what was wrong with the request; otherwise the API itself failed. */
export function problemFrom(error: unknown): { status: number; problem: Problem; known: boolean } {
  const known = true;
  if (error instanceof ApiError) return { status: httpStatus[error.code], problem: problemOf(error.code, textOf(error), error.interface), known };
  if (error instanceof ControlError) {
    const code: ApiErrorCode = Object.hasOwn(httpStatus, error.code) ? error.code : 'VBOX_E_VM_ERROR';
    return { status: httpStatus[code], problem: problemOf(code, error.message, 'IConsole'), known };
  }
  const status = statusOf(error);
  if (status !== undefined && status < 500) return { status, problem: problemOf(status === 404 ? 'VBOX_E_OBJECT_NOT_FOUND' : status === 403 ? 'E_ACCESSDENIED' : 'E_INVALIDARG', textOf(error)), known };
  return { status: 500, problem: problemOf('E_FAIL', `the API failed at this request: ${textOf(error)}; its log has more`), known: false };
}

export const problemOf = (code: ApiErrorCode, message: string, of = 'IVirtualBox'): Problem => ({ code, message, component: components[of] ?? 'VirtualBoxWrap', interface: of });

export function sendProblem(response: ServerResponse, status: number, problem: Problem): void {
  const body = JSON.stringify(problem);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body) }).end(body);
}

/** The framework's own refusals, and the body parser's: malformed JSON, a body too large, an unknown route. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' ? status : undefined;
}
