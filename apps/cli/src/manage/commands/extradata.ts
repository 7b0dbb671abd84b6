/** `setextradata` and `getextradata`: values that scripts keep with a machine, or with the host as `global`. */
import { command, word } from '../../table/command.js';
import { machine, named, text, type ValueType } from '../../table/value.js';

interface Request {
  ref: string;
  key: string;
  value: string | null;
}

const fresh = (): Request => ({ ref: '', key: '', value: null });
const scope: ValueType<string> = { ...machine, syntax: 'global|<uuid|vmname>' };
const of = word({ value: scope, set: (request: Request, ref) => (request.ref = ref) });

export const setextradata = command<Request>({
  name: 'setextradata',
  summary: 'Keep a value with a machine or the host; without a value the key is removed',
  fresh,
  words: [
    of,
    word({ value: named('key', 'VBoxAuthSimple/users/john'), set: (request: Request, key) => (request.key = key) }),
    word({ value: text('value', '1'), optional: true, set: (request: Request, value) => (request.value = value || null) }),
  ],
  async run({ ref, key, value }, { client }) {
    if (ref === 'global') await client.request('PUT /extradata/{key}', { path: { key }, body: { value } });
    else await client.request('PUT /machines/{ref}/extradata/{key}', { path: { ref, key }, body: { value } });
  },
});

export const getextradata = command<Request>({
  name: 'getextradata',
  summary: "Show a kept value, or all of them with 'enumerate'",
  fresh,
  words: [of, word({ value: { ...named('key', 'enumerate'), syntax: '<key>|enumerate' }, set: (request: Request, key) => (request.key = key) })],
  async run({ ref, key }, { client, output }) {
    const values = ref === 'global' ? await client.request('GET /extradata') : await client.request('GET /machines/{ref}/extradata', { path: { ref } });
    if (key === 'enumerate') for (const [name, value] of Object.entries(values)) output.line(`Key: ${name}, Value: ${value}`);
    else output.line(Object.hasOwn(values, key) ? `Value: ${values[key]}` : 'No value set!');
  },
});
