/** Starts a machine's process and waits for its word. The process outlives the one that started it. */
import type { MachineSpec } from '@belvedere/control';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { identify, type ProcessIdentity } from '../host/process-identity.js';
import { ApiError, type ApiErrorCode, httpStatus } from '../http/api-error.js';

/** Longest report of a starting process, in bytes. */
const reportLimit = 64 << 10;

/** How long a machine may take from its process's start to its word, in milliseconds. */
const startLimit = 60_000;

export interface StartedProcess {
  readonly identity: ProcessIdentity;
  /** Resolves when the machine runs and its control socket answers. @throws ApiError with the process's own reason, or where its log is */
  readonly ready: Promise<void>;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
}

export const logFileOf = (folder: string): string => join(folder, 'Logs', 'headless.log');

/** @throws ApiError when no process could be made */
export async function startMachineProcess(program: string, spec: MachineSpec): Promise<StartedProcess> {
  const logFile = logFileOf(spec.folder);
  await mkdir(join(spec.folder, 'Logs'), { recursive: true, mode: 0o700 });
  const log = await open(logFile, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [program], { detached: true, cwd: spec.folder, stdio: ['pipe', log.fd, log.fd, 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
  } catch (cause) {
    throw new ApiError('VBOX_E_HOST_ERROR', `could not make a process for machine '${spec.name}'`, { cause });
  } finally {
    await log.close();
  }

  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const identity = identify(child.pid!) ?? { pid: child.pid!, token: '' };
  // A process that has died does not read its settings: its report, or the lack of one, says so.
  child.stdin!.on('error', () => undefined);
  child.stdin!.end(JSON.stringify(spec));
  const ready = readReport(child, spec.name, logFile).finally(() => {
    (child.stdio[3] as Readable).destroy();
    child.unref();
  });
  return { identity, ready, ended };
}

async function readReport(child: ChildProcess, name: string, logFile: string): Promise<void> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), startLimit);
  const report = child.stdio[3] as Readable;
  late.signal.addEventListener('abort', () => report.destroy());
  try {
    judge(await firstLine(report), name, logFile);
  } catch (error) {
    child.kill('SIGKILL');
    if (late.signal.aborted) throw new ApiError('VBOX_E_VM_ERROR', `machine '${name}' was not running after ${startLimit / 1000} s: see ${logFile}`, { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function firstLine(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
    if (text.length > reportLimit) break;
  }
  return text;
}

/** Accepts `{"ready":true}` alone. */
function judge(line: string, name: string, logFile: string): void {
  let report: { ready?: unknown; error?: { code?: unknown; message?: unknown } } | null;
  try {
    report = JSON.parse(line) as typeof report;
  } catch {
    throw new ApiError('VBOX_E_VM_ERROR', `the process of machine '${name}' ended before the machine ran: see ${logFile}`);
  }
  if (report?.ready === true) return;
  const { code, message } = report?.error ?? {};
  const known = typeof code === 'string' && Object.hasOwn(httpStatus, code) ? (code as ApiErrorCode) : 'VBOX_E_VM_ERROR';
  throw new ApiError(known, typeof message === 'string' ? message : `the process of machine '${name}' gave no reason: see ${logFile}`, { interface: 'IConsole' });
}
