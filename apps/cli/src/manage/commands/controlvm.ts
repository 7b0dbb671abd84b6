/** `controlvm`: what is done to a machine that runs. */
import type { Client, RunningAdapterChange, VrdeChanges } from '@belvedere/client';
import { writeFile } from 'node:fs/promises';
import type { Context } from '../../edge/context.js';
import { type AnyCommand, command, word, type Word } from '../../table/command.js';
import { screenLayout, videoModeHint } from './screens.js';
import { teleport } from './teleport.js';
import { forwardChange, hexByte, machine, onOff, path, ports, property, text, whole } from '../../table/value.js';

interface Request {
  ref: string;
  scancodes: number[];
  texts: string[];
  file: string;
  screen: number;
  vrde: VrdeChanges;
  slot: number;
  adapter: RunningAdapterChange;
}

type Work = (request: Request, client: Client) => Promise<unknown>;

const action = (name: string, summary: string, words: readonly Word<Request>[], work: Work, also: readonly string[] = []): AnyCommand =>
  command<Request>({ name, also, summary, words, fresh, run: async (request, { client }: Context) => void (await work(request, client)) });

const fresh = (): Request => ({ ref: '', scancodes: [], texts: [], file: '', screen: 0, vrde: {}, slot: 0, adapter: {} });

/** An action that changes the remote display; the change stays in the machine's settings. */
const vrdeAction = (name: string, summary: string, setting: Word<Request>, also: readonly string[] = []): AnyCommand =>
  action(name, summary, [setting], ({ ref, vrde }, client) => client.request('PATCH /machines/{ref}/vrde', { path: { ref }, body: vrde }), also);

/** An action that changes a network card; the change stays in the machine's settings. */
const adapterAction = (name: string, summary: string, setting: Word<Request>): AnyCommand =>
  command<Request>({
    name: `${name}<1-8>`,
    summary,
    fresh,
    words: [setting],
    slot: (request, slot) => void (request.slot = slot),
    run: async ({ ref, slot, adapter }, { client }) => void (await client.request('PATCH /machines/{ref}/adapters/{slot}', { path: { ref, slot }, body: adapter })),
  });

export const controlvm = command<Request>({
  name: 'controlvm',
  summary: 'Control a running machine',
  fresh,
  words: [word({ value: machine, set: (request: Request, ref) => (request.ref = ref) })],
  actions: [
    action('pause', 'Stop the guest where it is', [], ({ ref }, client) => client.request('POST /machines/{ref}/pause', { path: { ref } })),
    action('resume', 'Let a paused guest go on', [], ({ ref }, client) => client.request('POST /machines/{ref}/resume', { path: { ref } })),
    action('reset', 'Press the reset button', [], ({ ref }, client) => client.request('POST /machines/{ref}/reset', { path: { ref } })),
    action('acpipowerbutton', 'Press the power button', [], ({ ref }, client) => client.request('POST /machines/{ref}/power-button', { path: { ref } })),
    command<Request>({
      name: 'poweroff',
      summary: 'Pull the plug',
      fresh,
      words: [],
      async run({ ref }, { client, output }) {
        const { withProgress } = await import('../../edge/progress.js');
        await withProgress(output, client.request('POST /machines/{ref}/power-off', { path: { ref } }));
      },
    }),
    command<Request>({
      name: 'savestate',
      summary: 'Save the state of the machine and end it: startvm goes on from there',
      fresh,
      words: [],
      async run({ ref }, { client, output }) {
        const { withToldProgress } = await import('../../edge/progress.js');
        const { uuid } = await client.request('GET /machines/{ref}', { path: { ref } });
        await withToldProgress(output, client, uuid, () => client.request('POST /machines/{ref}/save-state', { path: { ref: uuid } }));
      },
    }),
    action(
      'keyboardputscancode',
      'Send raw set-1 scancode bytes',
      [word({ value: hexByte, repeats: true, set: ({ scancodes }: Request, byte) => void scancodes.push(byte) })],
      ({ ref, scancodes }, client) => client.request('POST /machines/{ref}/keyboard', { path: { ref }, body: { scancodes } }),
    ),
    action(
      'keyboardputstring',
      'Type text on a US keyboard',
      [word({ value: text('text', 'echo hello'), repeats: true, set: ({ texts }: Request, typed) => void texts.push(typed) })],
      async ({ ref, texts }, client) => {
        for (const typed of texts) await client.request('POST /machines/{ref}/keyboard', { path: { ref }, body: { text: typed } });
      },
    ),
    action(
      'screenshotpng',
      'Save the screen as a PNG file',
      [
        word({ value: path('filename', 'screen.png'), set: (request: Request, file) => (request.file = file) }),
        word({ value: whole('screen', 0, 63), optional: true, set: (request: Request, screen) => (request.screen = screen) }),
      ],
      async ({ ref, file, screen }, client) => {
        const png = await client.request('GET /machines/{ref}/screens/{screen}/screenshot', { path: { ref, screen } });
        await writeFile(file, png).catch((cause: unknown) => Promise.reject(new Error(`could not write the screenshot to ${file}`, { cause })));
      },
    ),
    videoModeHint,
    screenLayout,
    vrdeAction('vrde', 'Open or close the remote display', word({ value: onOff, set: ({ vrde }: Request, enabled) => (vrde.enabled = enabled) }), ['vrdp']),
    vrdeAction('vrdeport', 'Move the remote display to the first free port of a list', word({ value: ports, set: ({ vrde }: Request, list) => (vrde.ports = list) }), [
      'vrde-port',
      'vrdpport',
    ]),
    vrdeAction(
      'vrdeproperty',
      'Set a property of the remote display',
      word({ value: property, set: ({ vrde }: Request, [name, value]) => (vrde.properties = { [name]: value }) }),
      ['vrde-property', 'vrdpproperty'],
    ),
    vrdeAction(
      'vrdevideochannel',
      'Show moving pictures as video, or as the rest of the screen',
      word({ value: onOff, set: ({ vrde }: Request, on) => (vrde.videoChannel = on) }),
      ['vrde-video-channel', 'vrdpvideochannel'],
    ),
    vrdeAction(
      'vrdevideochannelquality',
      'Set the quality of redirected video',
      word({ value: whole('percent', 10, 100), set: ({ vrde }: Request, quality) => (vrde.videoChannelQuality = quality) }),
      ['vrde-video-channel-quality', 'vrdpvideochannelquality'],
    ),
    adapterAction('setlinkstate', "Plug a network card's cable in or out", word({ value: onOff, set: ({ adapter }: Request, on) => (adapter.cableConnected = on) })),
    adapterAction('natpf', 'Let a port of the host lead to a port of the guest, or no more', word({ value: forwardChange, set: ({ adapter }: Request, change) => (adapter.forwards = [change]) })),
    teleport,
  ],
  unsupportedActions: [
    ...['acpisleepbutton', 'reboot', 'shutdown', 'keyboardputfile', 'nic<1-8>', 'nictrace<1-8>', 'nictracefile<1-8>', 'nicproperty<1-8>'],
    ...['nicpromisc<1-8>', 'guestmemoryballoon', 'usbattach', 'usbdetach', 'audioin', 'audioout', 'clipboard', 'draganddrop'],
    ...['recording', 'videocap', 'setcredentials', 'plugcpu', 'unplugcpu', 'cpuexecutioncap', 'vm-process-priority', 'webcam', 'addencpassword'],
    ...['removeencpassword', 'removeallencpasswords', 'changeuartmode<1-4>', 'autostart-enabled', 'autostart-delay'],
  ],
  run: () => Promise.reject(new Error('controlvm has only actions')),
});
