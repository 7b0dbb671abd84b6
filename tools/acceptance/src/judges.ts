/** Everything that can judge a login to a test card's machine, each set while the machine runs, with a user and a right and a wrong password. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VrdeChanges } from '@belvedere/client';
import type { Home } from './home.js';
import { HostAccount } from './host-account.js';
import { NativeLibrary } from './native-library.js';

export interface Judge {
  readonly name: string;
  readonly user: string;
  readonly right: string;
  readonly wrong: string;
  /** How the record of its judgements names it. */
  readonly method: string;
  /** It lets in whoever comes, whatever the password. */
  readonly anyone?: true;
  /** It knows an NT hash of every user's password: Network Level Authentication is offered. */
  readonly nla?: true;
  readonly close?: () => void;
}

type Setter = (home: Home, machine: string) => Promise<Judge> | Judge;

/** `printf %s secret | iconv -t utf-16le | openssl dgst -provider legacy -md4` */
export const NT_HASH = '$nt$878d8014606cda29677a44efa1353fc7';
/** `printf %s secret | sha256sum` */
export const SHA256 = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';

const john = { user: 'john', right: 'secret', wrong: 'Secret' };

const simple = (name: string, hash: string, nla: { nla?: true } = {}): [string, Setter] => [name, async (home, machine) => {
  await setLibrary(home, machine, 'VBoxAuthSimple');
  await home.type(`VBoxManage setextradata "${machine}" "VBoxAuthSimple/users/john" '${hash}'`);
  return { name, ...john, method: 'VBoxAuthSimple', ...nla };
}];

const setters: Readonly<Record<string, Setter>> = Object.fromEntries([
  ['null', async (home, machine) => {
    await change(home, machine, { authType: 'null' });
    return { name: 'null', ...john, method: 'null', anyone: true };
  }],
  ['VBoxAuth', async (home, machine) => {
    const account = new HostAccount('v', 'a host password');
    await setLibrary(home, machine, 'VBoxAuth');
    return { name: 'VBoxAuth', user: account.user, right: 'a host password', wrong: 'a guess', method: 'VBoxAuth', close: () => account.remove() };
  }],
  simple('VBoxAuthSimple, NT hash', NT_HASH, { nla: true }),
  simple('VBoxAuthSimple, SHA-256', SHA256),
  ['an ES module', async (home, machine) => {
    const path = join(home.folder, 'judge.mjs');
    writeFileSync(path, `export default ({ user, password }) => (user === 'john' && password === 'secret' ? 'granted' : 'denied');\n`);
    await setLibrary(home, machine, path);
    return { name: 'an ES module', ...john, method: path };
  }],
  ['a native library', async (home, machine) => {
    const { path } = new NativeLibrary(home.folder, 'judge', 'john', 'secret');
    await setLibrary(home, machine, path);
    return { name: 'a native library', ...john, method: path };
  }],
] satisfies [string, Setter][]);

export const judgeNames = Object.keys(setters);

/** Why a judge cannot be had on this host; undefined where it can. */
export const unavailable = (name: string): string | undefined => (name === 'VBoxAuth' ? HostAccount.unavailable() : name === 'a native library' ? NativeLibrary.unavailable() : undefined);

/** Sets who judges at a running machine. Its earlier judge's wrong passwords are forgiven. */
export async function setJudge(home: Home, machine: string, name: string): Promise<Judge> {
  const judge = await setters[name]!(home, machine);
  await forgive(home, machine);
  return judge;
}

/** Guessing is slow, and a test guesses often. */
export async function forgive(home: Home, machine: string): Promise<void> {
  await home.client.request('POST /machines/{ref}/vrde/unlock', { path: { ref: machine }, body: {} });
}

/** Sets the library that judges logins to a running machine. */
export const setLibrary = (home: Home, machine: string, authLibrary: string): Promise<void> => change(home, machine, { authType: 'external', authLibrary });

const change = async (home: Home, machine: string, vrde: VrdeChanges): Promise<void> => void (await home.client.request('PATCH /machines/{ref}/vrde', { path: { ref: machine }, body: vrde }));
