/** The API of one home, put together, opened and stopped. */
import 'reflect-metadata';
import type { LoggerService } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { mkdir } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { fileURLToPath } from 'node:url';
import { AppModule } from './app.module.js';
import { CloneService } from './clones/clone.service.js';
import { Database } from './database/database.js';
import { type Doors, openDoors } from './doors/doors.js';
import { EventHub } from './events/event-hub.js';
import type { ApiContext } from './home/context.js';
import { Home } from './home/home.js';
import { type InstanceLock, takeInstanceLock } from './host/instance-lock.js';
import { requirePermissions } from './http/permission.js';
import { validation } from './http/validation.js';
import { LoginService } from './logins/login.service.js';
import { MachineStore } from './machines/machine.store.js';
import { MediaWorkService } from './media/media-work.service.js';
import { NewFiles } from './media/new-files.js';
import { docs } from './openapi/docs.js';
import { SnapshotWork } from './snapshots/snapshot-work.js';
import { StateStore } from './supervisor/state.store.js';
import { Supervisor } from './supervisor/supervisor.js';

/** Largest body of a request. */
const bodyLimit = '1mb';

export interface ApiOptions {
  /** The folder that holds all of it: BELVEDERE_HOME. */
  readonly home: string;
  /** Of the TCP door; 0: any that is free. */
  readonly port: number;
  readonly logger: LoggerService | false;
  /** Program of a machine's process; the product's own unless a test brings another. */
  readonly machineProgram?: string;
}

export interface Api {
  readonly url: string;
  /** Resolves when the API has stopped, by `stop` or by a request. */
  readonly stopped: Promise<void>;
  /** Stops answering and lets machines go on. */
  stop(): Promise<void>;
}

/** Another API has this home. */
export class HomeInUseError extends Error {
  override readonly name = 'HomeInUseError';
}

/**
 * Starts the API: finds the machines that run, then opens the doors.
 * @throws HomeInUseError when another API has this home; nothing is left open then or at any other error
 */
export async function startApi(options: ApiOptions): Promise<Api> {
  const home = new Home(options.home);
  for (const folder of [home.folder, home.runFolder, home.logFolder]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = takeInstanceLock(home.lockFile);
  if (!lock) throw new HomeInUseError(`another API has the home ${home.folder}`);
  try {
    return await assemble(home, lock, options);
  } catch (error) {
    lock.release();
    throw error;
  }
}

class Context implements ApiContext {
  readonly startedAt = new Date();
  url = '';
  stop: () => void = () => undefined;

  constructor(
    readonly home: Home,
    private readonly program: string | undefined,
  ) {}

  get machineProgram(): string {
    return this.program ?? fileURLToPath(import.meta.resolve('@belvedere/headless/main'));
  }
}

async function assemble(home: Home, lock: InstanceLock, options: ApiOptions): Promise<Api> {
  const context = new Context(home, options.machineProgram);
  const database = await Database.open(home.database);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(context, database), { logger: options.logger, abortOnError: false, bodyParser: false });
  let doors: Doors;
  try {
    app.useBodyParser('json', { limit: bodyLimit });
    app.disable('x-powered-by');
    app.disable('etag');
    app.useGlobalPipes(validation());
    requirePermissions(app.get(DiscoveryService), new MetadataScanner());
    app.use('/docs', docs(app));
    await app.init();
    await findMachines(app);
    const logins = app.get(LoginService);
    doors = await openDoors(home, app.getHttpAdapter().getInstance() as RequestListener, options.port, (token) => logins.callerOf(token));
  } catch (error) {
    await app.close();
    throw error;
  }
  context.url = doors.url;

  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= close());
  const close = async (): Promise<void> => {
    app.get(EventHub).close();
    await doors.close();
    await app.close();
    lock.release();
    done();
  };
  let done!: () => void;
  const stopped = new Promise<void>((resolve) => (done = resolve));
  // The answer to the request that asks for it goes out first: closing waits for answers in progress.
  context.stop = () => void setImmediate(() => void stop());
  return { url: doors.url, stopped, stop };
}

/** Finds the machines that run, and ends what an earlier API began. */
async function findMachines(app: NestExpressApplication): Promise<void> {
  const [states, machines, supervisor] = [app.get(StateStore), app.get(MachineStore), app.get(Supervisor)];
  const online = await states.online();
  await Promise.all(online.map(async (uuid) => supervisor.adopt(uuid, (await machines.find(uuid)).settings.name)));
  await app.get(SnapshotWork).settleAll();
  await app.get(NewFiles).settleAll();
  await app.get(CloneService).settleAll();
  await app.get(MediaWorkService).settleAll();
}
