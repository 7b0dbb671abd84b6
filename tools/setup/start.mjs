// `npm start`: the set-up, then a demo machine on the screen of any RDP viewer; Ctrl-C stops what this started and removes nothing.
// Everything is done by the commands a person would type: VBoxManage and belvedere.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { root } from './places.mjs';
import { SetupError, attempt, runMain, say, step } from './progress.mjs';
import { setup } from './setup.mjs';

const MACHINE = 'Belvedere demo';
const CONTROLLER = 'IDE Controller';
/** VBoxManage's own list of ports to try, in order. */
const PORTS = '3389,5000-5050';
/** MiB: what the Debian installer is at ease with. */
const MEMORY = 512;
const LOOPBACK = '127.0.0.1';

const HELP = `npm start [-- --address ADDRESS]

Sets Belvedere up, starts its API and a demo machine, and prints how to look at it with an RDP viewer.
  --address ADDRESS   where the demo's remote display listens: ${LOOPBACK} unless given, 0.0.0.0 for every computer that
                      reaches this one. The demo asks for no password.
`;

/** The words behind `npm start --`. @returns {{ address: string | undefined, help: boolean }} */
function wanted() {
  try {
    const { values } = parseArgs({ options: { address: { type: 'string' }, help: { type: 'boolean', default: false } } });
    return { address: values.address, help: values.help ?? false };
  } catch (error) {
    throw new SetupError(`${/** @type {Error} */ (error).message}\n${HELP}`);
  }
}

async function main() {
  const { address, help } = wanted();
  if (help) return void say(HELP);
  const stop = untilInterrupted();
  const { installer } = await setup();
  if (stop.asked) return;

  const medium = installer ?? join(root, 'tools/guests/dist/testcard/testcard.iso');
  const began = Date.now();
  const api = JSON.parse(await step('the API', () => command('belvedere', 'status', '--json')));
  const apiIsOurs = Date.parse(api.startedAt) >= began;
  let machineIsOurs = false;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let events;
  try {
    const before = (await machineInfo()) ?? (await step(`a machine named "${MACHINE}"`, makeMachine));
    if (!isOn(before)) {
      await prepare(before, medium, address);
      if (stop.asked) return;
      machineIsOurs = true;
      await step('power on', () => command('VBoxManage', 'startvm', MACHINE, '--type', 'headless'));
    } else if (address && before.vrdeaddress !== address) {
      say(`  "${MACHINE}" runs already and keeps its address; power it off (VBoxManage controlvm "${MACHINE}" poweroff) to give it another`);
    }
    const info = await machineInfo();
    if (!info || !isOn(info)) throw new SetupError(`"${MACHINE}" did not stay on; its log is in ${info?.LogFldr ?? 'its folder'}`);
    say(invitation(info, api.url, medium));
    events = spawn(process.execPath, [commandPath('belvedere'), 'events'], { stdio: ['ignore', 'pipe', 'ignore'], detached: process.platform !== 'win32' });
    const reason = await Promise.race([stop.promise, machineEnds(events)]);
    say(`\n${reason}`);
  } finally {
    events?.kill();
    await tidy(machineIsOurs, apiIsOurs);
  }
}

/** Ends what was started here; what ran before runs on. @param {boolean} machineIsOurs @param {boolean} apiIsOurs */
async function tidy(machineIsOurs, apiIsOurs) {
  if (machineIsOurs) {
    const info = await machineInfo().catch(() => undefined);
    if (info && isOn(info)) await step(`power off "${MACHINE}"`, () => command('VBoxManage', 'controlvm', MACHINE, 'poweroff'));
  }
  if (apiIsOurs) await step('stop the API', () => command('belvedere', 'shutdown'));
}

/** Ctrl-C, or the end of the terminal: once for a tidy end, twice for one at once. */
function untilInterrupted() {
  const stop = { asked: false, promise: /** @type {Promise<string>} */ (/** @type {unknown} */ (undefined)) };
  stop.promise = new Promise((resolve) => {
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.on(signal, () => {
        if (stop.asked && signal === 'SIGINT') process.exit(130);
        stop.asked = true;
        resolve('stopping; once more to leave at once');
      });
    }
  });
  return stop;
}

/**
 * Resolves when the demo machine goes off, or the API that would tell so.
 * @param {import('node:child_process').ChildProcess} events
 * @returns {Promise<string>}
 */
async function machineEnds(events) {
  const ended = once(events, 'exit');
  if (events.stdout) {
    for await (const line of createInterface({ input: events.stdout })) {
      const event = JSON.parse(line);
      if (event.type === 'machine' && event.name === MACHINE && ['powerOff', 'poweroff', 'aborted', 'saved'].includes(event.state)) return `"${MACHINE}" is ${event.state}`;
    }
  }
  await ended;
  return 'the API has stopped';
}

/** @param {string} name */
const commandPath = (name) => join(root, 'apps/cli/bin', `${name}.cjs`);

/**
 * Runs one of the repository's commands, apart from the terminal's Ctrl-C.
 * @param {'VBoxManage' | 'belvedere'} name
 * @param {string[]} args
 * @returns {Promise<string>} what it printed
 */
async function command(name, ...args) {
  const { code, stdout, output } = await attempt(process.execPath, [commandPath(name), ...args], { detached: true });
  if (code !== 0) throw new SetupError(`${name} ${args.join(' ')} ended with ${code}:\n${output.trimEnd()}`);
  return stdout;
}

/** `showvminfo --machinereadable` of the demo machine, by key; undefined when there is none. @returns {Promise<Record<string, string> | undefined>} */
async function machineInfo() {
  const machines = await command('VBoxManage', 'list', 'vms');
  if (!machines.split('\n').some((line) => line.startsWith(`"${MACHINE}" `))) return undefined;
  const lines = (await command('VBoxManage', 'showvminfo', MACHINE, '--machinereadable')).split('\n');
  return Object.fromEntries(lines.flatMap((line) => {
    const parts = /^("?)(.+?)\1=(.*)$/.exec(line);
    return parts ? [[parts[2], parts[3].replace(/^"(.*)"$/, '$1')]] : [];
  }));
}

/** @param {Record<string, string>} info */
const isOn = (info) => ['running', 'paused', 'starting', 'stuck'].includes(info.VMState);

async function makeMachine() {
  await command('VBoxManage', 'createvm', '--name', MACHINE, '--ostype', 'Debian', '--register');
  await command('VBoxManage', 'modifyvm', MACHINE, '--memory', `${MEMORY}`, '--acpi', 'on', '--boot1', 'dvd', '--boot2', 'disk', '--boot3', 'none', '--boot4', 'none', '--nic1', 'none');
  await command('VBoxManage', 'modifyvm', MACHINE, '--vrde', 'on', '--vrde-port', PORTS, '--vrde-address', LOOPBACK, '--vrde-multi-con', 'on');
  await command('VBoxManage', 'storagectl', MACHINE, '--name', CONTROLLER, '--add', 'ide', '--controller', 'PIIX4');
  return /** @type {Record<string, string>} */ (await machineInfo());
}

/**
 * Puts our image into the drive unless the user's own is there, and opens the address that was asked for.
 * @param {Record<string, string>} info
 * @param {string} medium
 * @param {string | undefined} address
 */
async function prepare(info, medium, address) {
  const inside = info[`${CONTROLLER}-1-0`];
  const ours = inside !== undefined && /debian-installer-[^/\\]*[.]iso$|testcard[.]iso$/.test(inside);
  const usersOwn = inside !== undefined && inside.includes('.') && existsSync(inside) && !ours;
  if (!usersOwn && inside !== medium) {
    await command('VBoxManage', 'storageattach', MACHINE, '--storagectl', CONTROLLER, '--port', '1', '--device', '0', '--type', 'dvddrive', '--medium', medium);
  }
  if (address && info.vrdeaddress !== address) await command('VBoxManage', 'modifyvm', MACHINE, '--vrde-address', address);
}

/**
 * What to type in each viewer.
 * @param {Record<string, string>} info
 * @param {string} url
 * @param {string} medium
 */
function invitation(info, url, medium) {
  const everywhere = info.vrdeaddress !== LOOPBACK;
  const host = !everywhere ? LOOPBACK : ['', '0.0.0.0', '::'].includes(info.vrdeaddress) ? (outwardAddress() ?? hostname()) : info.vrdeaddress;
  const place = `${host.includes(':') ? `[${host}]` : host}:${info.vrdeport}`;
  const guest = medium.endsWith('testcard.iso') ? 'the test card (Debian\'s installer cannot be had on this system)' : 'the installer of Debian 12; its first dialog takes about a minute';
  return `
"${MACHINE}" is on and boots ${guest}.
Look at it with any RDP viewer, with no user name and no password:

  Windows     mstsc /v:${place}
  FreeRDP     xfreerdp /v:${place} /cert:ignore
  rdesktop    rdesktop -a 16 -N ${place}
  Remmina     remmina -c rdp://${place}
  KRDC        krdc rdp://${place}

${everywhere ? 'Every computer that reaches this one can connect; nobody is asked for a password.' : `Only this computer can connect. From another one: ssh -L 3390:localhost:${info.vrdeport} ${hostname()}, then the viewer to localhost:3390;\nor, where the network is yours alone: npm start -- --address 0.0.0.0`}
The API is at ${url}; in this folder, npx VBoxManage list runningvms and its like work too.
Ctrl-C stops the machine and the API.`;
}

/** This computer's first IPv4 address that others can reach. */
function outwardAddress() {
  return Object.values(networkInterfaces()).flatMap((list) => list ?? []).find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

await runMain(main);
