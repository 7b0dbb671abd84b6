/** `discardstate` and `adoptstate`: the saved state of a machine that is off. */
import { command, word } from '../../table/command.js';
import { machine, path } from '../../table/value.js';

interface Request {
  ref: string;
  file: string;
}

const fresh = (): Request => ({ ref: '', file: '' });
const theMachine = word({ value: machine, set: (request: Request, ref) => (request.ref = ref) });

export const discardstate = command<Request>({
  name: 'discardstate',
  summary: 'Throw the saved state of a machine away, as if its plug had been pulled',
  fresh,
  words: [theMachine],
  options: [],
  async run({ ref }, { client }) {
    await client.request('DELETE /machines/{ref}/saved-state', { path: { ref } });
  },
});

export const adoptstate = command<Request>({
  name: 'adoptstate',
  summary: 'Give a machine that is off a saved state from a file, which is copied',
  fresh,
  words: [theMachine, word({ value: path('state-filename', 'machine.sav'), set: (request: Request, file) => (request.file = file) })],
  options: [],
  async run({ ref, file }, { client }) {
    await client.request('POST /machines/{ref}/adopt-state', { path: { ref }, body: { path: file } });
  },
});
