/** `createvm`: a new machine, on request with the hardware that its system's type asks for. */
import type { Client, CreateMachine, Machine } from '@belvedere/client';
import type { Output } from '../../edge/output.js';
import { command, option, UsageError } from '../../table/command.js';
import { named, path, text, uuid } from '../../table/value.js';

interface Request extends Partial<CreateMachine> {
  withDefaults?: boolean;
}

export const createvm = command<Request>({
  name: 'createvm',
  summary: 'Create a machine',
  fresh: () => ({}),
  options: [
    option({ name: 'name', value: named('name', 'Windows XP'), help: 'its name', set: (request: Request, name) => (request.name = name) }),
    option({ name: 'ostype', also: ['os-type'], value: text('ostype', 'WindowsXP'), help: "its system's type, as 'list ostypes' names them", set: (request: Request, type) => (request.osType = type) }),
    option({ name: 'register', help: 'register it too; otherwise only its settings file is written', set: (request: Request) => (request.register = true) }),
    option({ name: 'basefolder', value: path('folder', 'machines'), help: "where its folder is made; 'list systemproperties' shows the default", set: (request: Request, folder) => (request.baseFolder = folder) }),
    option({ name: 'uuid', value: uuid, help: 'its UUID, instead of a new one', set: (request: Request, value) => (request.uuid = value) }),
    option({ name: 'default', help: "give it the hardware that its system's type asks for", set: (request: Request) => (request.withDefaults = true) }),
  ],
  unsupported: ['groups', 'platform-architecture', 'cipher', 'password-id', 'password'],
  check({ name, withDefaults, register }) {
    if (name === undefined) throw new UsageError("'createvm' needs --name <name>");
    if (withDefaults && !register) throw new UsageError('--default needs --register: hardware is given to registered machines');
  },
  async run({ withDefaults, ...request }, { client, output }) {
    const body: CreateMachine = { register: false, ...(request as Omit<CreateMachine, 'register'>) };
    const machine = await client.request('POST /machines', { body });
    if (withDefaults) await giveHardware(client, machine, output);
    output.line(`Virtual machine '${machine.name}' is created${body.register ? ' and registered' : ''}.`);
    output.line(`UUID: ${machine.uuid}`);
    output.line(`Settings file: '${machine.settingsFile}'`);
  },
});

/** Memory, network card and an IDE controller with a DVD drive, by the system's type. A machine that cannot have them is removed again. */
async function giveHardware(client: Client, { uuid: ref, osType }: Machine, output: Output): Promise<void> {
  try {
    const type = (await client.request('GET /ostypes')).find(({ id }) => id === osType);
    if (!type) throw new Error(`the API knows no system type '${osType}'`);
    const { rtcUseUtc, adapterType, ideChipset } = type;
    const { maxMemoryMiB, maxVramMiB } = await client.request('GET /system-properties');
    const memoryMiB = Math.min(type.memoryMiB, maxMemoryMiB);
    const vramMiB = Math.min(type.vramMiB, maxVramMiB);
    if (memoryMiB < type.memoryMiB) output.note(`${memoryMiB} MB of memory instead of the ${type.memoryMiB} MB that ${type.description} asks for: more cannot be given`);
    await client.request('PATCH /machines/{ref}', { path: { ref }, body: { memoryMiB, vramMiB, rtcUseUtc, adapters: [{ slot: 1, attachment: 'nat', type: adapterType }] } });
    await client.request('POST /machines/{ref}/storage-controllers', { path: { ref }, body: { name: 'IDE', bus: 'ide', chipset: ideChipset } });
    await client.request('PUT /machines/{ref}/storage-controllers/{name}/attachments', { path: { ref, name: 'IDE' }, body: { port: 1, device: 0, type: 'dvddrive', medium: 'emptydrive' } });
  } catch (error) {
    await client.request('DELETE /machines/{ref}', { path: { ref }, query: { delete: true } });
    throw error;
  }
}
