/** The words that machine settings are made of, in VirtualBox's spelling. Pure. */
export const machineStates = ['poweroff', 'starting', 'restoring', 'running', 'paused', 'saving', 'teleporting', 'teleportingin', 'stopping', 'saved', 'teleported', 'aborted'] as const;
export type MachineState = (typeof machineStates)[number];

/** States in which a machine process exists. */
export const isOnline = (state: MachineState): boolean => !['poweroff', 'saved', 'teleported', 'aborted'].includes(state);

/** A state as a sentence has it: the machine is … */
export const stateText = (state: MachineState): string => (state === 'poweroff' ? 'powered off' : state === 'teleportingin' ? 'waiting to be teleported to' : state);

export const bootDevices = ['none', 'floppy', 'dvd', 'disk', 'net'] as const;
export type BootDevice = (typeof bootDevices)[number];

export const driveTypes = ['hdd', 'dvddrive', 'fdd'] as const;
export type DriveType = (typeof driveTypes)[number];

export const buses = ['ide', 'floppy'] as const;
export type Bus = (typeof buses)[number];

export const attachmentModes = ['none', 'null', 'nat'] as const;
export type AttachmentMode = (typeof attachmentModes)[number];

export const adapterTypes = ['NE2000', 'virtio', 'Am79C970A', 'Am79C973', '82540EM', '82543GC', '82545EM'] as const;
export type AdapterType = (typeof adapterTypes)[number];

/** Those that the embedded engine has. */
export const cardTypes = ['NE2000', 'virtio'] as const satisfies readonly AdapterType[];
export type CardType = (typeof cardTypes)[number];

/** The engine's card for a type that it has none of is an NE2000: the one that systems without drivers for virtio know. */
export const cardOf = (type: AdapterType): CardType => (type === 'virtio' ? 'virtio' : 'NE2000');

export const forwardProtocols = ['tcp', 'udp'] as const;
export type ForwardProtocol = (typeof forwardProtocols)[number];

export const serialModes = ['disconnected', 'server', 'client', 'file', 'guestagent'] as const;
export type SerialMode = (typeof serialModes)[number];

export const authTypes = ['null', 'external', 'guest'] as const;
export type AuthType = (typeof authTypes)[number];

export const mediumTypes = ['hdd', 'dvd', 'floppy'] as const;
export type MediumType = (typeof mediumTypes)[number];

export const startVrde = ['on', 'off', 'config'] as const;
export type StartVrde = (typeof startVrde)[number];
