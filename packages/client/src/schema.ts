/** Made from the API's OpenAPI document by `pnpm --filter @belvedere/api run openapi`: change the API, not this file. */
export interface paths {
    "/machines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listMachines"];
        put?: never;
        post: operations["createMachine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["registerMachine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getMachine"];
        put?: never;
        post?: never;
        delete: operations["unregisterMachine"];
        options?: never;
        head?: never;
        patch: operations["changeMachine"];
        trace?: never;
    };
    "/machines/{ref}/storage-controllers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["addStorageController"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/storage-controllers/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["removeStorageController"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/storage-controllers/{name}/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put: operations["setAttachment"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["startMachine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["pauseMachine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["resumeMachine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["resetMachine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/power-off": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["powerOffMachine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/power-button": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["pressPowerButton"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/keyboard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["typeKeys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/vrde": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch: operations["changeVrde"];
        trace?: never;
    };
    "/machines/{ref}/adapters/{slot}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch: operations["changeRunningAdapter"];
        trace?: never;
    };
    "/machines/{ref}/vrde/clients/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["disconnectVrdeClient"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/screens/{screen}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch: operations["changeScreen"];
        trace?: never;
    };
    "/machines/{ref}/screens/{screen}/screenshot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["screenshot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/save-state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["saveMachineState"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/saved-state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["discardMachineState"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/adopt-state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["adoptMachineState"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/snapshots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["takeSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/snapshots/{snapshot}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getSnapshot"];
        put?: never;
        post?: never;
        delete: operations["deleteSnapshot"];
        options?: never;
        head?: never;
        patch: operations["editSnapshot"];
        trace?: never;
    };
    "/machines/{ref}/snapshots/{snapshot}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["restoreSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/restore-current-snapshot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["restoreCurrentSnapshot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/clone": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["cloneMachine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/teleport": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["teleportMachine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/judgements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listJudgements"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/judgements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listMachineJudgements"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/vrde/lockouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listLockouts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/vrde/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["unlock"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["logIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["logOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/logins/lockouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listLoginLockouts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/logins/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["unlockLogins"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listMedia"];
        put?: never;
        post: operations["createMedium"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getMedium"];
        put?: never;
        post?: never;
        delete: operations["closeMedium"];
        options?: never;
        head?: never;
        patch: operations["changeMedium"];
        trace?: never;
    };
    "/media/{ref}/clone": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["cloneMedium"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{ref}/resize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["resizeMedium"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{ref}/compact": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["compactMedium"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{ref}/move": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["moveMedium"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{ref}/locks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getMediumLocks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{ref}/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["unlockMedium"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listJobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getJob"];
        put?: never;
        post?: never;
        delete: operations["cancelJob"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ostypes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listOsTypes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/extradata": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getGlobalExtraData"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/extradata/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put: operations["setGlobalExtraData"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/extradata": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getMachineExtraData"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/machines/{ref}/extradata/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put: operations["setMachineExtraData"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/shutdown": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["shutdown"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/system-properties": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getSystemProperties"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch: operations["changeSystemProperties"];
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["watchEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Problem: {
            /** @enum {string} */
            code: "E_INVALIDARG" | "E_ACCESSDENIED" | "VBOX_E_OBJECT_NOT_FOUND" | "VBOX_E_INVALID_VM_STATE" | "VBOX_E_INVALID_OBJECT_STATE" | "VBOX_E_OBJECT_IN_USE" | "VBOX_E_FILE_ERROR" | "VBOX_E_XML_ERROR" | "VBOX_E_NOT_SUPPORTED" | "VBOX_E_VM_ERROR" | "VBOX_E_HOST_ERROR" | "E_FAIL";
            /** @description what is wrong and what to do */
            message: string;
            /** @description as in VirtualBox error details */
            component: string;
            interface: string;
        };
        MachineSummary: {
            /** Format: uuid */
            uuid: string;
            name: string;
            /** @enum {string} */
            state: "poweroff" | "starting" | "restoring" | "running" | "paused" | "saving" | "teleporting" | "teleportingin" | "stopping" | "saved" | "teleported" | "aborted";
            /** @description VirtualBox's id of the guest's system, such as WindowsXP */
            osType: string;
        };
        CreateMachine: {
            name: string;
            /** @description default: Other */
            osType?: string;
            /** Format: uuid */
            uuid?: string;
            /** @description absolute; default: the system property 'machineFolder' */
            baseFolder?: string;
            /** @description false: only the settings file is written */
            register: boolean;
        };
        PortForward: {
            name: string;
            /** @enum {string} */
            protocol: "tcp" | "udp";
            /** @description empty: all addresses of the host */
            hostAddress: string;
            hostPort: number;
            /** @description empty: the address that the guest is given */
            guestAddress: string;
            guestPort: number;
        };
        Adapter: {
            slot: number;
            /** @enum {string} */
            attachment: "none" | "null" | "nat";
            /** @enum {string} */
            type: "NE2000" | "virtio" | "Am79C970A" | "Am79C973" | "82540EM" | "82543GC" | "82545EM";
            /** @description twelve hexadecimal digits */
            mac: string;
            /**
             * @description the card that the guest finds: the engine's, where it has none of the type
             * @enum {string}
             */
            card: "NE2000" | "virtio";
            cableConnected: boolean;
            /** @description by name */
            forwards: components["schemas"]["PortForward"][];
            /** @description by NAT, the guest reaches the host's own loopback at its gateway's address */
            localhostReachable: boolean;
            /** @description what the administrator should know of this adapter */
            notice: string | null;
        };
        SerialPort: {
            slot: number;
            enabled: boolean;
            ioBase: number;
            irq: number;
            /** @enum {string} */
            mode: "disconnected" | "server" | "client" | "file" | "guestagent";
            /** @description unix socket or file; null when disconnected, or when the guest agent is asked there */
            path: string | null;
        };
        VrdeSettings: {
            enabled: boolean;
            /** @description ports and ranges as they were set, such as 5000,5010-5012 */
            ports: string;
            /** @description addresses, comma-separated; empty: all addresses of the host */
            addresses: string;
            /** @enum {string} */
            authType: "null" | "external" | "guest";
            /** @description null: the system's authentication library */
            authLibrary: string | null;
            multiConnection: boolean;
            reuseConnection: boolean;
            videoChannel: boolean;
            videoChannelQuality: number;
            /** @description every known VRDE property; null: not set */
            properties: {
                [key: string]: string | null;
            };
        };
        TeleporterSettings: {
            /** @description the machine waits to be teleported to when it is started */
            enabled: boolean;
            /** @description 0: none was given */
            port: number;
            /** @description empty: all addresses of the host */
            address: string;
            hasPassword: boolean;
        };
        AttachedMedium: {
            /** Format: uuid */
            uuid: string;
            /** @enum {string} */
            type: "hdd" | "dvd" | "floppy";
            path: string;
        };
        Attachment: {
            port: number;
            device: number;
            /** @enum {string} */
            type: "hdd" | "dvddrive" | "fdd";
            /** @description null: the drive is empty */
            medium: components["schemas"]["AttachedMedium"] | null;
        };
        StorageController: {
            name: string;
            /** @enum {string} */
            bus: "ide" | "floppy";
            /** @description chipset, such as PIIX4 or I82078 */
            chipset: string;
            portCount: number;
            devicesPerPort: number;
            bootable: boolean;
            attachments: components["schemas"]["Attachment"][];
        };
        Snapshot: {
            /** Format: uuid */
            uuid: string;
            name: string;
            description: string;
            /** Format: uuid */
            parentUuid: string | null;
            /** Format: date-time */
            takenAt: string;
            /** @description it holds the state of a machine that ran */
            online: boolean;
            /** @description what the machine is now began from it */
            current: boolean;
        };
        DroppedMessages: {
            /** @description display, input, audio, upstreamAudio, clipboard, usb, deviceRedirection, dynamicChannels or otherChannels */
            feature: string;
            /** @description input events, or packets of channels */
            messages: number;
        };
        VrdeClient: {
            id: number;
            user: string;
            domain: string;
            clientName: string;
            address: string;
            clientVersion: number;
            encryption: string;
            /** Format: date-time */
            since: string;
            bytesSent: number;
            bytesReceived: number;
            /** @description what it has sent for features that are switched off, and that nobody got */
            dropped: components["schemas"]["DroppedMessages"][];
        };
        VrdeStatus: {
            /** @description the port really bound; null while the server does not listen */
            port: number | null;
            /** @description why the server does not listen although it is switched on */
            problem?: string;
            clients: components["schemas"]["VrdeClient"][];
            clientsSoFar: number;
            /** Format: date-time */
            lastStart?: string;
            /** Format: date-time */
            lastEnd?: string;
        };
        Screen: {
            /** @description pixels */
            width: number;
            /** @description pixels */
            height: number;
            /** @description where it stands beside the others, in pixels */
            x: number;
            y: number;
            /** @description the guest shows something on it */
            on: boolean;
        };
        Run: {
            /** @description the machine process's id */
            pid: number;
            /** Format: date-time */
            startedAt: string;
            vrde: components["schemas"]["VrdeStatus"];
            screens: components["schemas"]["Screen"][];
            /** @description what the administrator should know of this run */
            notices: string[];
        };
        Machine: {
            /** Format: uuid */
            uuid: string;
            name: string;
            /** @enum {string} */
            state: "poweroff" | "starting" | "restoring" | "running" | "paused" | "saving" | "teleporting" | "teleportingin" | "stopping" | "saved" | "teleported" | "aborted";
            /** @description VirtualBox's id of the guest's system, such as WindowsXP */
            osType: string;
            description: string;
            /** @description the .vbox file */
            settingsFile: string;
            folder: string;
            logFolder: string;
            registered: boolean;
            /** Format: date-time */
            stateChangedAt: string;
            /** @description why the machine is in its state, where there is something to say */
            stateReason: string | null;
            /** @enum {string} */
            engine: "v86";
            memoryMiB: number;
            vramMiB: number;
            cpus: number;
            /** @description the higher, the fewer features the guest's processor has */
            cpuidPortabilityLevel: number;
            monitorCount: number;
            acpi: boolean;
            rtcUseUtc: boolean;
            boot: ("none" | "floppy" | "dvd" | "disk" | "net")[];
            adapters: components["schemas"]["Adapter"][];
            serialPorts: components["schemas"]["SerialPort"][];
            vrde: components["schemas"]["VrdeSettings"];
            teleporter: components["schemas"]["TeleporterSettings"];
            storageControllers: components["schemas"]["StorageController"][];
            /** @description parents before their children */
            snapshots: components["schemas"]["Snapshot"][];
            /** @description what the administrator should know of these settings */
            notices: string[];
            /** @description null while the machine is off */
            run: components["schemas"]["Run"] | null;
        };
        RegisterMachine: {
            /** @description absolute path of a .vbox file */
            settingsFile: string;
        };
        PortForwardRule: {
            /** @enum {string} */
            protocol: "tcp" | "udp";
            /** @description an IP address of the host; empty: all of them */
            hostAddress: string;
            hostPort: number;
            /** @description an IPv4 address of the guest; empty: the one that it is given */
            guestAddress: string;
            guestPort: number;
        };
        PortForwardChange: {
            /** @description a new rule's may be empty: it is called after its ports then */
            name: string;
            /** @description null: the rule is deleted */
            rule: components["schemas"]["PortForwardRule"] | null;
        };
        AdapterChange: {
            slot: number;
            /** @description none, null or nat */
            attachment?: string;
            type?: string;
            /** @description twelve hexadecimal digits, or 'auto' for a new one */
            mac?: string;
            cableConnected?: boolean;
            /** @description done one after the other */
            forwards?: components["schemas"]["PortForwardChange"][];
            /** @description by NAT, the guest reaches the host's own loopback at its gateway's address */
            localhostReachable?: boolean;
        };
        SerialPortChange: {
            slot: number;
            enabled?: boolean;
            ioBase?: number;
            irq?: number;
            /** @enum {string} */
            mode?: "disconnected" | "server" | "client" | "file" | "guestagent";
            /** @description absolute */
            path?: string | null;
        };
        VrdeChanges: {
            enabled?: boolean;
            /** @description ports and ranges such as 5000,5010-5012; 'default': 3389 */
            ports?: string;
            /** @description IP addresses, comma-separated; empty: all addresses of the host */
            addresses?: string;
            /** @enum {string} */
            authType?: "null" | "external" | "guest";
            /** @description VBoxAuth, VBoxAuthSimple, or the absolute path of a module; null: the system's library */
            authLibrary?: string | null;
            multiConnection?: boolean;
            reuseConnection?: boolean;
            videoChannel?: boolean;
            /** @description 10 to 100 */
            videoChannelQuality?: number;
            /** @description VRDE properties by name; null: back to the default */
            properties?: {
                [key: string]: string | null;
            };
        };
        TeleporterChanges: {
            /** @description the machine waits to be teleported to when it is started */
            enabled?: boolean;
            port?: number;
            /** @description an IP address; empty: all addresses of the host */
            address?: string;
            /** @description empty: none */
            password?: string;
        };
        MachineChanges: {
            name?: string;
            osType?: string;
            description?: string;
            memoryMiB?: number;
            vramMiB?: number;
            cpus?: number;
            cpuidPortabilityLevel?: number;
            monitorCount?: number;
            acpi?: boolean;
            rtcUseUtc?: boolean;
            /** @description boot1 to boot4 */
            boot?: ("none" | "floppy" | "dvd" | "disk" | "net")[];
            adapters?: components["schemas"]["AdapterChange"][];
            serialPorts?: components["schemas"]["SerialPortChange"][];
            vrde?: components["schemas"]["VrdeChanges"];
            teleporter?: components["schemas"]["TeleporterChanges"];
        };
        AddStorageController: {
            name: string;
            /** @description ide or floppy */
            bus: string;
            /** @description PIIX3, PIIX4 or ICH6 for ide; I82078 for floppy */
            chipset?: string;
            portCount?: number;
            bootable?: boolean;
        };
        SetAttachment: {
            port: number;
            device: number;
            /**
             * @description needed where nothing is attached yet, unless the medium is known
             * @enum {string}
             */
            type?: "hdd" | "dvddrive" | "fdd";
            /** @description absolute path, UUID, 'emptydrive', or null: detach */
            medium: string | null;
            /** @description also where the running guest has locked the tray */
            force?: boolean;
        };
        StartMachine: {
            /**
             * @description the remote display for this run: on, off, or as configured (the default)
             * @enum {string}
             */
            vrde?: "on" | "off" | "config";
            /** @description VRDE properties for this run */
            vrdeProperties?: {
                [key: string]: string | null;
            };
            /** @description the guest waits for resume */
            paused?: boolean;
        };
        KeyboardInput: {
            /** @description raw set-1 scancode bytes */
            scancodes?: number[];
            /** @description typed on a US keyboard */
            text?: string;
        };
        RunningAdapterChange: {
            cableConnected?: boolean;
            /** @description done one after the other */
            forwards?: components["schemas"]["PortForwardChange"][];
        };
        ScreenSize: {
            /** @description pixels */
            width: number;
            /** @description pixels */
            height: number;
        };
        ScreenPlace: {
            /** @description false: it is dark, whatever the guest shows */
            on: boolean;
            /** @description where its upper left corner is, in pixels, beside the first screen's */
            x: number;
            y: number;
        };
        ScreenChange: {
            /** @description what the guest is asked for */
            size?: components["schemas"]["ScreenSize"];
            place?: components["schemas"]["ScreenPlace"];
        };
        AdoptState: {
            /** @description absolute path of a saved state */
            path: string;
        };
        TakeSnapshot: {
            name: string;
            description?: string;
            /**
             * @description where the name is taken: add a number or the time, or refuse; otherwise two may have one name
             * @enum {string}
             */
            uniqueName?: "number" | "timestamp" | "force";
        };
        EditSnapshot: {
            name?: string;
            description?: string;
        };
        CloneMachine: {
            name: string;
            /** Format: uuid */
            uuid?: string;
            /** @description absolute; default: the system property 'machineFolder' */
            baseFolder?: string;
            /** @description name or UUID of the snapshot that is copied; default: the machine as it is now */
            snapshot?: string;
            /**
             * @description machine, the default: one state of it; machineAndChildren: the snapshot and those that were taken after it; all: the machine and all its snapshots. The latter two copy saved states, too
             * @enum {string}
             */
            mode?: "machine" | "machineAndChildren" | "all";
            /** @description the copy's disks hang on the snapshot's */
            link?: boolean;
            /** @description network adapters keep their addresses */
            keepMacs?: boolean;
            /** @description disks' files keep their names */
            keepDiskNames?: boolean;
            /** @description false: only its files are made */
            register: boolean;
        };
        Job: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "clone" | "resize" | "compact" | "move";
            /** @description what is worked on, such as an image */
            subject: string;
            /** @enum {string} */
            state: "running" | "done" | "failed" | "cancelled";
            percent: number;
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            endedAt: string | null;
            /**
             * Format: uuid
             * @description of what was made or changed, once the job is done
             */
            result: string | null;
            /** @description why the job failed */
            problem: components["schemas"]["Problem"] | null;
        };
        Teleport: {
            /** @description name or address of the host where the target waits */
            host: string;
            port: number;
            /** @description the target's teleporter password; absent: none, and nobody proves who is at the other end */
            password?: string;
            /** @description milliseconds that the guest may stand still; default 250 */
            maxDowntime?: number;
        };
        DowntimeParts: {
            /** @description until the guest stood still */
            pause: number;
            /** @description its last pages: found, read, sent */
            pages: number;
            /** @description its devices: saved, sent; and the disks flushed, where that took longer */
            devices: number;
            /** @description the target takes it all in */
            load: number;
            /** @description disks change hands, and the guest goes on */
            handOver: number;
        };
        Teleported: {
            /** @description milliseconds that the guest stood still */
            downtime: number;
            /** @description what it stood still for */
            parts: components["schemas"]["DowntimeParts"];
            /** @description milliseconds */
            total: number;
            /** @description sent */
            bytes: number;
            /** @description times that changed memory was sent while the guest ran */
            rounds: number;
            /** @description false: the line was encrypted, and nobody proved who was at its other end */
            authenticated: boolean;
        };
        Judgement: {
            /** Format: uuid */
            id: string;
            /** Format: date-time */
            at: string;
            /** @description the machine's UUID; the record stays when the machine goes. Empty for a login to this API */
            machine: string;
            /** @description the machine's name at that time */
            machineName: string;
            user: string;
            domain: string;
            address: string;
            clientName: string;
            clientId: number;
            /** @description null, guest, VBoxAuth, VBoxAuthSimple, or the path of a module */
            method: string;
            granted: boolean;
            reason: string;
        };
        JudgementPage: {
            /** @description the newest first */
            judgements: components["schemas"]["Judgement"][];
            /** @description 'before' of the next, older page; null: there is none */
            next: string | null;
        };
        Lockout: {
            /** @enum {string} */
            kind: "address" | "user";
            name: string;
            /** @description wrong passwords */
            failures: number;
            /** Format: date-time */
            since: string;
            /** Format: date-time */
            until: string;
        };
        Unlock: {
            /** @description an address or a user; absent: all */
            name?: string;
        };
        Unlocked: {
            /** @description lock-outs that were lifted */
            lifted: number;
        };
        Login: {
            user: string;
            password: string;
            domain?: string;
        };
        LoggedIn: {
            /** @description the session's token: give it as bearer token from now on */
            token: string;
            /** Format: date-time */
            expiresAt: string;
        };
        MediumUser: {
            /** Format: uuid */
            uuid: string;
            name: string;
        };
        Medium: {
            /** Format: uuid */
            uuid: string;
            /** @enum {string} */
            type: "hdd" | "dvd" | "floppy";
            path: string;
            /** @description VDI, VMDK, VHD or RAW */
            format: string;
            /** @description Standard, Fixed or Stream */
            variant: string;
            description: string;
            /**
             * Format: uuid
             * @description of the image that this differencing image hangs on
             */
            parentUuid: string | null;
            /** @description images that hang on this one */
            childUuids: string[];
            /** @description what the guest sees, in bytes */
            sizeBytes: number;
            /** @description what the host stores, in bytes; null while the file is inaccessible */
            sizeOnDiskBytes: number | null;
            accessible: boolean;
            /** @description why the file is inaccessible */
            problem: string | null;
            /** @description machines that have it attached */
            usedBy: components["schemas"]["MediumUser"][];
        };
        CreateMedium: {
            /** @enum {string} */
            type: "hdd" | "floppy";
            /** @description absolute path of the new file */
            path: string;
            /** @description default: the parent's */
            sizeBytes?: number;
            /** @description VDI or RAW; RAW for a floppy */
            format?: string;
            /** @description Standard or Fixed */
            variant?: string;
            /** @description absolute path or UUID of the disk that the new one is to hang on, as a differencing image */
            parent?: string;
        };
        MediumChanges: {
            /** @description absolute path where the file is now: it was moved by somebody else */
            location?: string;
            description?: string;
            /** @description normal */
            type?: string;
        };
        CloneMedium: {
            /** @description absolute path of the copy */
            path: string;
            /** @description VDI, VMDK, VHD or RAW; default: the source's */
            format?: string;
            /** @description Standard (the default), Fixed (not for VMDK) or Stream (VMDK only) */
            variant?: string;
            /** @description into the disk that is there: what fits of the source replaces what it holds; its format and UUID stay */
            existing?: boolean;
        };
        ResizeMedium: {
            /** @description what the guest shall see */
            sizeBytes: number;
        };
        MoveMedium: {
            /** @description absolute path of the new place: a file that is not there, or a folder that is */
            path: string;
        };
        MediumLock: {
            /** @description the lock's own file */
            file: string;
            /** @description in words, as it said of itself */
            owner: string | null;
            /** @enum {string} */
            mode: "read" | "write";
            pid: number | null;
            host: string | null;
            /**
             * @description unknown: on another host, or in another container
             * @enum {string}
             */
            life: "alive" | "dead" | "unknown";
        };
        OsType: {
            id: string;
            description: string;
            familyId: string;
            familyDescription: string;
            is64Bit: boolean;
            /** @description recommended */
            memoryMiB: number;
            /** @description recommended */
            vramMiB: number;
            /** @description recommended size of the first disk */
            diskMiB: number;
            /** @description chipset of the IDE controller that its drivers know */
            ideChipset: string;
            /** @description network card that its drivers know */
            adapterType: string;
            rtcUseUtc: boolean;
        };
        ExtraDataValue: {
            /** @description null: the key is removed */
            value: string | null;
        };
        Health: {
            /** @enum {string} */
            status: "ok";
        };
        MachineCounts: {
            registered: number;
            running: number;
        };
        Status: {
            pid: number;
            version: string;
            /** @description of the TCP door */
            url: string;
            home: string;
            /** @description of the private door */
            socket: string;
            /** Format: date-time */
            startedAt: string;
            machines: components["schemas"]["MachineCounts"];
        };
        Shutdown: {
            /**
             * @description keep: running machines go on without the API
             * @enum {string}
             */
            machines: "keep" | "powerOff" | "saveState";
        };
        SystemProperties: {
            /** @description where new machines are made */
            machineFolder: string;
            /** @description judges logins to remote displays of authentication type external */
            vrdeAuthLibrary: string;
            /** @description judges logins to this API; 'null': anyone may log in; null: nobody may */
            webServiceAuthLibrary: string | null;
            defaultHardDiskFormat: string;
            logFolder: string;
            minMemoryMiB: number;
            maxMemoryMiB: number;
            minVramMiB: number;
            maxVramMiB: number;
            maxCpus: number;
            maxMonitors: number;
            maxAdapters: number;
            maxSerialPorts: number;
            maxBootPosition: number;
            /** @description bytes */
            maxDiskSize: number;
        };
        SystemPropertyChanges: {
            /** @description absolute; 'default': the folder machines under the home */
            machineFolder?: string;
            /** @description VBoxAuth, VBoxAuthSimple, or the absolute path of a module; 'default': VBoxAuth. Running machines keep theirs */
            vrdeAuthLibrary?: string;
            /** @description VBoxAuth, VBoxAuthSimple with users in the global extra data, or the absolute path of a module; 'default': VBoxAuth; 'null': anyone may log in; null: nobody may. A change ends all sessions */
            webServiceAuthLibrary?: string | null;
        };
        MachineEvent: {
            /** @enum {string} */
            type: "machine";
            /** Format: uuid */
            uuid: string;
            name: string;
            /** @enum {string} */
            state: "poweroff" | "starting" | "restoring" | "running" | "paused" | "saving" | "teleporting" | "teleportingin" | "stopping" | "saved" | "teleported" | "aborted";
            reason?: string;
        };
        VrdeEvent: {
            /** @enum {string} */
            type: "vrde";
            /** Format: uuid */
            uuid: string;
            name: string;
            vrde: components["schemas"]["VrdeStatus"];
        };
        ProgressEvent: {
            /** @enum {string} */
            type: "progress";
            /** Format: uuid */
            uuid: string;
            name: string;
            /** @enum {string} */
            operation: "saveState" | "takeSnapshot" | "teleport";
            percent: number;
        };
        RegistryEvent: {
            /** @enum {string} */
            type: "registry";
            /** @enum {string} */
            change: "registered" | "changed" | "unregistered";
            /** Format: uuid */
            uuid: string;
            name: string;
        };
        JudgementEvent: {
            /** @enum {string} */
            type: "judgement";
            /** @description the machine's UUID; empty for a login to this API */
            uuid: string;
            name: string;
            judgement: components["schemas"]["Judgement"];
        };
        JobEvent: {
            /** @enum {string} */
            type: "job";
            job: components["schemas"]["Job"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listMachines: {
        parameters: {
            query?: {
                /** @description running: only machines that are on */
                state?: "running";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MachineSummary"][];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createMachine: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateMachine"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    registerMachine: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RegisterMachine"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getMachine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unregisterMachine: {
        parameters: {
            query?: {
                /** @description true: its files too, and the disks that no other machine uses */
                delete?: boolean;
            };
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeMachine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MachineChanges"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    addStorageController: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddStorageController"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    removeStorageController: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setAttachment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetAttachment"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startMachine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartMachine"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pauseMachine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resumeMachine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resetMachine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    powerOffMachine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pressPowerButton: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    typeKeys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyboardInput"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeVrde: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VrdeChanges"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeRunningAdapter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
                slot: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunningAdapterChange"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    disconnectVrdeClient: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeScreen: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
                screen: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScreenChange"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    screenshot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
                screen: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/png": string;
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    saveMachineState: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    discardMachineState: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    adoptMachineState: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdoptState"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    takeSnapshot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TakeSnapshot"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSnapshot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
                /** @description the snapshot's name or UUID */
                snapshot: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteSnapshot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
                /** @description the snapshot's name or UUID */
                snapshot: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    editSnapshot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
                /** @description the snapshot's name or UUID */
                snapshot: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EditSnapshot"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    restoreSnapshot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
                /** @description the snapshot's name or UUID */
                snapshot: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    restoreCurrentSnapshot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cloneMachine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CloneMachine"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    teleportMachine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Teleport"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Teleported"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listJudgements: {
        parameters: {
            query?: {
                /** @description machines: logins to remote displays; api: logins to this API; default: both */
                to?: "machines" | "api";
                /** @description 1 to 1000; default: 100 */
                limit?: number;
                /** @description the 'next' of the page before */
                before?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JudgementPage"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listMachineJudgements: {
        parameters: {
            query?: {
                /** @description 1 to 1000; default: 100 */
                limit?: number;
                /** @description the 'next' of the page before */
                before?: string;
            };
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JudgementPage"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listLockouts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Lockout"][];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unlock: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Unlock"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Unlocked"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    logIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedIn"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    logOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listLoginLockouts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Lockout"][];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unlockLogins: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Unlock"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Unlocked"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listMedia: {
        parameters: {
            query?: {
                /** @description only images of this type */
                type?: "hdd" | "dvd" | "floppy";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Medium"][];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createMedium: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateMedium"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Medium"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getMedium: {
        parameters: {
            query?: {
                /** @description true: the file at a path is described too when it is not registered, and stays so; its UUID is of zeroes where its format keeps none */
                unregistered?: boolean;
            };
            header?: never;
            path: {
                /** @description the medium's UUID or absolute path */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Medium"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    closeMedium: {
        parameters: {
            query?: {
                /** @description true: the file too */
                delete?: boolean;
            };
            header?: never;
            path: {
                /** @description the medium's UUID or absolute path */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeMedium: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the medium's UUID or absolute path */
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MediumChanges"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Medium"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cloneMedium: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the medium's UUID or absolute path */
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CloneMedium"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resizeMedium: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the medium's UUID or absolute path */
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResizeMedium"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    compactMedium: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the medium's UUID or absolute path */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    moveMedium: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the medium's UUID or absolute path */
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MoveMedium"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getMediumLocks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the medium's UUID or absolute path */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MediumLock"][];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unlockMedium: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the medium's UUID or absolute path */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MediumLock"][];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listJobs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"][];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the job's UUID */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the job's UUID */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOsTypes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OsType"][];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getGlobalExtraData: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: string;
                    };
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setGlobalExtraData: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExtraDataValue"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getMachineExtraData: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: string;
                    };
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setMachineExtraData: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the machine's name or UUID */
                ref: string;
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExtraDataValue"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    shutdown: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Shutdown"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSystemProperties: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SystemProperties"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeSystemProperties: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SystemPropertyChanges"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SystemProperties"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watchEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["MachineEvent"] | components["schemas"]["VrdeEvent"] | components["schemas"]["ProgressEvent"] | components["schemas"]["RegistryEvent"] | components["schemas"]["JudgementEvent"] | components["schemas"]["JobEvent"];
                };
            };
            /** @description what is wrong and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
