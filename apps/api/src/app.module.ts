/** The API's parts: a folder a feature, each with its controller, its services and its store. */
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { AuditController } from './audit/audit.controller.js';
import { JudgementStore } from './audit/judgement.store.js';
import { Database } from './database/database.js';
import { EventHub } from './events/event-hub.js';
import { EventsController } from './events/events.controller.js';
import { ExtraDataController } from './extradata/extradata.controller.js';
import { ExtraDataService } from './extradata/extradata.service.js';
import { ApiContext } from './home/context.js';
import { PermissionGuard } from './http/permission.js';
import { ProblemFilter } from './http/problem.filter.js';
import { LoginController } from './logins/login.controller.js';
import { LoginService } from './logins/login.service.js';
import { MachineStore } from './machines/machine.store.js';
import { MachinesController } from './machines/machines.controller.js';
import { MachinesService } from './machines/machines.service.js';
import { SettingsService } from './machines/settings.service.js';
import { StorageControllers } from './machines/storage.controller.js';
import { StorageService } from './machines/storage.service.js';
import { JobsController } from './jobs/jobs.controller.js';
import { JobsService } from './jobs/jobs.service.js';
import { BusyMedia } from './media/busy-media.js';
import { FilePlans } from './media/file-plans.js';
import { MediaWorkService } from './media/media-work.service.js';
import { MediaController } from './media/media.controller.js';
import { MediaService } from './media/media.service.js';
import { MediumStore } from './media/medium.store.js';
import { NewFiles } from './media/new-files.js';
import { OsTypesController } from './ostypes/ostypes.controller.js';
import { SnapshotStore } from './snapshots/snapshot.store.js';
import { SnapshotWork } from './snapshots/snapshot-work.js';
import { SnapshotsController } from './snapshots/snapshots.controller.js';
import { SnapshotsService } from './snapshots/snapshots.service.js';
import { CloneController } from './clones/clone.controller.js';
import { CloneService } from './clones/clone.service.js';
import { StatesController } from './states/states.controller.js';
import { StatesService } from './states/states.service.js';
import { ConsoleService } from './supervisor/console.service.js';
import { DisplayService } from './supervisor/display.service.js';
import { LifecycleService } from './supervisor/lifecycle.service.js';
import { MachineView } from './supervisor/machine-view.js';
import { RunController } from './supervisor/run.controller.js';
import { StateStore } from './supervisor/state.store.js';
import { Supervisor } from './supervisor/supervisor.js';
import { TeleportController } from './teleporter/teleport.controller.js';
import { TeleportService } from './teleporter/teleport.service.js';
import { StatusService } from './system/status.service.js';
import { SystemController } from './system/system.controller.js';
import { SystemPropertiesService } from './system/system-properties.service.js';

export const controllers: readonly Type[] = [MachinesController, StorageControllers, RunController, StatesController, SnapshotsController, CloneController, TeleportController, AuditController, LoginController, MediaController, JobsController, OsTypesController, ExtraDataController, SystemController, EventsController];
const stores = [JudgementStore, MachineStore, MediumStore, StateStore, SnapshotStore];
const services = [LoginService, MachinesService, SettingsService, StorageService, MediaService, MediaWorkService, BusyMedia, NewFiles, FilePlans, JobsService, ExtraDataService, SystemPropertiesService, StatusService];
const supervision = [Supervisor, LifecycleService, StatesService, SnapshotWork, SnapshotsService, CloneService, TeleportService, ConsoleService, DisplayService, MachineView, EventHub];

@Module({})
export class AppModule {
  static with(context: ApiContext, database: Database): DynamicModule {
    return {
      module: AppModule,
      imports: [DiscoveryModule],
      controllers: [...controllers],
      providers: [
        { provide: ApiContext, useValue: context },
        { provide: Database, useValue: database },
        { provide: APP_GUARD, useClass: PermissionGuard },
        { provide: APP_FILTER, useClass: ProblemFilter },
        ...stores,
        ...services,
        ...supervision,
      ],
    };
  }
}
