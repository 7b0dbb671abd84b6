/** One machine that runs: its control connection, and the process behind it. */
import { type ControlClient, type ControlMethod, type ExitRecord, type MachineStatus, type Params, type Result } from '@belvedere/control';
import { isAlive, killProcess, type ProcessIdentity } from '../host/process-identity.js';
import { ApiError } from '../http/api-error.js';
import { within } from '../concurrency/waiting.js';

/** How long a machine's process may take to answer, in milliseconds. */
const answerLimit = 10_000;
/** How long it may take to end once it has said that it will, in milliseconds. */
const endLimit = 10_000;

export class RunningMachine {
  /** The last status it gave. */
  status: MachineStatus;
  /** Its last word, once it has said it. */
  exit: ExitRecord | undefined;
  /** Resolves when the process is gone and its end is recorded. */
  gone: Promise<void> = Promise.resolve();

  constructor(
    readonly name: string,
    readonly startedAt: string,
    status: MachineStatus,
    private readonly client: ControlClient,
    private readonly identity: ProcessIdentity,
    private readonly ended?: Promise<void>,
  ) {
    this.status = status;
  }

  get uuid(): string {
    return this.status.uuid;
  }

  /** @throws ControlError as the machine answered, or ApiError when it did not */
  request<M extends ControlMethod>(method: M, params: Params<M>, limit = answerLimit): Promise<Result<M>> {
    return within(limit, this.client.request(method, params), () => new ApiError('VBOX_E_VM_ERROR', `the process of machine '${this.name}' (${this.identity.pid}) did not answer '${method}' in ${limit / 1000} s`));
  }

  /** Ends the process at once. @param reason kept as how the machine ended, unless it said so itself */
  kill(reason: string): void {
    if (killProcess(this.identity)) this.exit ??= { state: 'aborted', reason, at: new Date().toISOString() };
    this.client.close();
  }

  /** Lets go of the connection; the machine goes on. */
  leave(): void {
    this.client.close();
  }

  /** @returns false when the process is there still after the time that it may take */
  async processEnds(): Promise<boolean> {
    if (this.ended) return within(endLimit, this.ended, () => new Error('late')).then(() => true, () => false);
    // A process that is no child of this one tells nobody that it ends; it is about to, so it is looked after for that while.
    for (const deadline = Date.now() + endLimit; isAlive(this.identity); ) {
      if (Date.now() > deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return true;
  }
}
