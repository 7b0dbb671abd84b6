/** What the API says of itself and of its host-wide settings. */
import { Nested, OneOf, Text, Whole } from '../http/fields.js';

export class Health {
  @OneOf(['ok']) status: 'ok';
}

export class MachineCounts {
  @Whole() registered: number;
  @Whole() running: number;
}

export class Status {
  @Whole() pid: number;
  @Text() version: string;
  @Text({ doc: 'of the TCP door' }) url: string;
  @Text() home: string;
  @Text({ doc: 'of the private door' }) socket: string;
  @Text({ format: 'date-time' }) startedAt: string;
  @Nested(() => MachineCounts) machines: MachineCounts;
}

export class Shutdown {
  @OneOf(['keep', 'powerOff', 'saveState'], { doc: 'keep: running machines go on without the API' }) machines: 'keep' | 'powerOff' | 'saveState';
}

export class SystemProperties {
  @Text({ doc: 'where new machines are made' }) machineFolder: string;
  @Text({ doc: 'judges logins to remote displays of authentication type external' }) vrdeAuthLibrary: string;
  @Text({ nullable: true, doc: "judges logins to this API; 'null': anyone may log in; null: nobody may" }) webServiceAuthLibrary: string | null;
  @Text() defaultHardDiskFormat: string;
  @Text() logFolder: string;
  @Whole() minMemoryMiB: number;
  @Whole() maxMemoryMiB: number;
  @Whole() minVramMiB: number;
  @Whole() maxVramMiB: number;
  @Whole() maxCpus: number;
  @Whole() maxMonitors: number;
  @Whole() maxAdapters: number;
  @Whole() maxSerialPorts: number;
  @Whole() maxBootPosition: number;
  @Whole({ doc: 'bytes' }) maxDiskSize: number;
}

export class SystemPropertyChanges {
  @Text({ optional: true, doc: "absolute; 'default': the folder machines under the home" }) machineFolder?: string;
  @Text({ optional: true, max: 1024, doc: "VBoxAuth, VBoxAuthSimple, or the absolute path of a module; 'default': VBoxAuth. Running machines keep theirs" }) vrdeAuthLibrary?: string;
  @Text({ optional: true, nullable: true, max: 1024, doc: "VBoxAuth, VBoxAuthSimple with users in the global extra data, or the absolute path of a module; 'default': VBoxAuth; 'null': anyone may log in; null: nobody may. A change ends all sessions" }) webServiceAuthLibrary?: string | null;
}
