/**
 * Many small machines at once, started from the API: all are listed, all answer, and what each takes of the host's memory.
 *
 * Run: `node dist/twenty-machines.js [--machines 20]`. The guest is the test card with 32 MiB. Memory is what the kernel counts for
 * each process (proc(5), smaps): a page that several processes share counts in parts, so that the sum is what the host has less.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { attachDvd, Home } from '@belvedere/acceptance';
import { TESTCARD_ISO } from '@belvedere/guests';
import { median } from './median.js';

const MEMORY_MIB = 32;
const KIB = 1024;

/** What one process takes, in KiB. */
export interface Memory {
  readonly total: number;
  /** Node's program and the libraries: shared by all. */
  readonly program: number;
  /** The engine's memory: the guest's RAM and video memory as far as they were touched, and the engine's own tables. */
  readonly engine: number;
  /** The engine's memory, were all of it touched. */
  readonly reserved: number;
  /** Allocated by native code. */
  readonly native: number;
  /** JavaScript's heaps, compiled code and stacks, of both threads. */
  readonly javascript: number;
}

/** Sorts a process's mappings. [proc(5)] smaps */
export function memoryOf(smaps: string): Memory {
  const mappings = smaps
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    .filter(Boolean)
    .map((text) => {
      const [, path = ''] = /^\S+ \S+ \S+ \S+ \S+ *(.*)$/m.exec(text) ?? [];
      const field = (name: string): number => Number(new RegExp(`^${name}: *(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
      return { path, size: field('Size'), pss: field('Pss') };
    });
  const sum = (list: typeof mappings): number => list.reduce((total, { pss }) => total + pss, 0);
  const program = mappings.filter(({ path }) => path.startsWith('/'));
  const native = mappings.filter(({ path }) => path === '[heap]');
  const others = mappings.filter((mapping) => !program.includes(mapping) && !native.includes(mapping));
  // WebAssembly's memory is one piece, and by far the largest that is in use.
  const engine = others.filter(({ size }) => size >= MEMORY_MIB * KIB).sort((a, b) => b.pss - a.pss).slice(0, 1);
  return { total: sum(mappings), program: sum(program), engine: sum(engine), reserved: engine[0]?.size ?? 0, native: sum(native), javascript: sum(others.filter((mapping) => !engine.includes(mapping))) };
}

/** Sends a request to the API's own door. @returns its answer's body */
function ask<T>(home: Home, method: string, path: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: join(home.path, 'run', 'api.sock'), method, path }, (answer) => {
      let body = '';
      answer.on('data', (part) => (body += String(part)));
      answer.on('end', () => (answer.statusCode! < 300 ? resolve(JSON.parse(body) as T) : reject(new Error(`${method} ${path}: ${answer.statusCode} ${body}`))));
    });
    sent.on('error', reject).end();
  });
}

export interface Many {
  /** Milliseconds from the first request to start until the last machine runs, and until the last guest answers. */
  readonly started: number;
  readonly answered: number;
  readonly memory: readonly Memory[];
  /** Of the API's process, in KiB. */
  readonly api: number;
}

/** @throws when a machine is not listed or does not answer */
export async function manyMachines(count: number): Promise<Many> {
  const home = new Home();
  const names = Array.from({ length: count }, (_unused, index) => `m${index + 1}`);
  try {
    for (const name of names) {
      await home.type(`VBoxManage createvm --name ${name} --ostype Other --register`);
      await home.type(`VBoxManage modifyvm ${name} --memory ${MEMORY_MIB} --vram 8 --nic1 none --boot1 dvd --uart1 0x3F8 4 --uartmode1 server "${home.serialPath(name)}"`);
      await attachDvd(home, name, TESTCARD_ISO);
    }
    const begin = performance.now();
    await Promise.all(names.map((name) => ask(home, 'POST', `/machines/${name}/start`)));
    const started = performance.now() - begin;
    await Promise.all(names.map((name) => home.testCard(name).then((card) => card.fill(0, 0, 1, 1, 0).catch(() => card.hello()))));
    const answered = performance.now() - begin;

    const listed = (await home.type('VBoxManage list runningvms')).trim().split('\n');
    if (listed.length !== count) throw new Error(`${listed.length} machines are listed, not ${count}:\n${listed.join('\n')}`);
    const machines = await Promise.all(names.map((name) => ask<{ state: string; run: { pid: number; screens: unknown[] } }>(home, 'GET', `/machines/${name}`)));
    const memory = machines.map(({ state, run }, index) => {
      if (state !== 'running' || run.screens.length !== 1) throw new Error(`machine ${names[index]} is ${state}`);
      return memoryOf(readFileSync(`/proc/${run.pid}/smaps`, 'utf8'));
    });
    const { pid } = await home.status();
    return { started, answered, memory, api: memoryOf(readFileSync(`/proc/${pid}/smaps`, 'utf8')).total };
  } finally {
    await home.close();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { machines: { type: 'string', default: '20' } } });
  const count = Number(values.machines);
  const { started, answered, memory, api } = await manyMachines(count);
  const MiB = (part: (memory: Memory) => number): string => (median(memory.map(part)) / KIB).toFixed(1);
  process.stdout.write(
    [
      `${count} machines of ${MEMORY_MIB} MiB, started at once: all run after ${(started / 1000).toFixed(1)} s, all guests answer after ${(answered / 1000).toFixed(1)} s`,
      `memory of one (median, shared pages in parts): ${MiB(({ total }) => total)} MiB`,
      `  the engine's memory, which is guest RAM, video memory and tables, as far as touched: ${MiB(({ engine }) => engine)} of ${MiB(({ reserved }) => reserved)} MiB`,
      `  JavaScript's heaps, compiled code and stacks: ${MiB(({ javascript }) => javascript)} MiB`,
      `  native allocations: ${MiB(({ native }) => native)} MiB`,
      `  its part of Node's program: ${MiB(({ program }) => program)} MiB`,
      `over guest RAM: ${MiB(({ total, engine }) => total - engine)} MiB, and ${MiB(({ reserved }) => reserved - MEMORY_MIB * KIB)} more once the guest has touched all of the engine's memory`,
      `the API: ${(api / KIB).toFixed(1)} MiB`,
      '',
    ].join('\n'),
  );
}
