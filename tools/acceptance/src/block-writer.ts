/**
 * A Linux guest that writes numbered blocks to its disk, and machines of it that are killed: what it has acknowledged must be on the image.
 *
 * It is booted once and saved; each kill is of a machine that went on from there, its disk as the kill before has left it.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, copyFileSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { openImage } from '@belvedere/disk';
import { BLOCKS, BLOCK_SIZE, blockContent, blockOffset, writeBlockWriterIso } from '@belvedere/guests';
import { until } from '@belvedere/viewers';
import type { Home } from './home.js';
import { attachDvd, machineProcess } from './machines.js';
import { PROMPT, SerialLine } from './serial-line.js';

/** What `createmedium` makes, or an empty child of an image. */
export const variants = ['Standard', 'Fixed', 'differencing'] as const;
export type Variant = (typeof variants)[number];

const SIZE_MIB = (BLOCKS * BLOCK_SIZE) >> 20;
/** Blocks that the writer writes between two acknowledgements. */
const TOGETHER = 4;

/** Where a VDI's header says what kind it is (1: it stands alone), and names its parent. */
const VDI = { type: 76, link: 424, linkEnd: 456 } as const;

/** What one kill found. */
export interface Killed {
  /** The first number that the writer was told, and the first that it has not acknowledged. */
  readonly first: number;
  readonly end: number;
  /** `qemu-img check` says that the image is clean; undefined where it is not installed. */
  readonly clean: boolean | undefined;
  /** Acknowledged blocks, of this writer and those before, that are not on the image. */
  readonly lost: readonly number[];
}

export const hasQemuImg = (): boolean => spawnSync('qemu-img', ['--version']).status === 0;

export class BlockWriter {
  /** Ranges of acknowledged numbers. */
  private readonly acknowledged: { first: number; end: number }[] = [];
  private next = 0;

  private constructor(private readonly home: Home, private readonly name: string, private readonly image: string, private readonly parent: string | undefined, private readonly state: string) {}

  /** Makes a machine with an image of this kind, boots it and saves it. @returns undefined where the guest's image cannot be had */
  static async create(home: Home, variant: Variant): Promise<BlockWriter | undefined> {
    const name = `writer-${variant}`;
    const iso = join(home.folder, 'writer.iso');
    if (!(await writeBlockWriterIso(iso))) return undefined;
    const parent = variant === 'differencing' ? 'parent.vdi' : undefined;
    await home.type(`VBoxManage createvm --name ${name} --ostype Debian --register`);
    await home.type(`VBoxManage modifyvm ${name} --memory 128 --boot1 dvd --nic1 none --uart2 0x2F8 3 --uartmode2 server "${home.serialPath(name)}"`);
    if (parent === undefined) await home.type(`VBoxManage createmedium disk --filename ${name}.vdi --size ${SIZE_MIB} --variant ${variant}`);
    else {
      await home.type(`VBoxManage createmedium disk --filename ${parent} --size ${SIZE_MIB}`);
      await home.type(`VBoxManage createmedium disk --filename ${name}.vdi --diffparent ${parent}`);
    }
    await attachDvd(home, name, iso);
    await home.type(`VBoxManage storageattach ${name} --storagectl "IDE Controller" --port 0 --device 0 --type hdd --medium ${name}.vdi`);
    await home.type(`VBoxManage startvm ${name} --type headless`);
    const line = await SerialLine.open(home.serialPath(name));
    await shell(line);
    line.close();
    await home.type(`VBoxManage controlvm ${name} savestate`);
    const state = join(home.folder, `${name}.sav`);
    const folder = join(dirname((await home.info(name)).get('CfgFile')!), 'Snapshots');
    copyFileSync(join(folder, readdirSync(folder).find((file) => file.endsWith('.sav'))!), state);
    await home.type(`VBoxManage discardstate ${name}`);
    return new BlockWriter(home, name, join(home.folder, `${name}.vdi`), parent && join(home.folder, parent), state);
  }

  /** Whether the disk has room for a writer that runs for some seconds. */
  get hasRoom(): boolean {
    return this.next < BLOCKS * 0.9;
  }

  /** Starts the machine, lets the guest write, and kills the machine's process. @param moment milliseconds after the guest has read the command to write, or how often it has acknowledged */
  async kill(moment: { readonly milliseconds: number } | { readonly acknowledgements: number }): Promise<Killed> {
    const { home, name } = this;
    await home.type(`VBoxManage adoptstate ${name} "${this.state}"`);
    await home.type(`VBoxManage startvm ${name} --type headless`);
    const line = await SerialLine.open(home.serialPath(name));
    const numbers: number[] = [];
    line.onLine((text) => {
      if (/^\d+$/.test(text)) numbers.push(Number(text));
    });
    const pid = await machineProcess(home);
    const first = this.next;
    line.write(`writer /dev/sda ${first}\n`);
    await line.said(/writer \/dev\/sda \d+\r*\n/, 300_000);
    if ('milliseconds' in moment) await pass(moment.milliseconds);
    else await until('the acknowledgements', () => (numbers.length >= moment.acknowledgements ? true : undefined), { timeout: 300_000 });
    process.kill(pid, 'SIGKILL');
    await line.ended;
    await until('the end of the machine', () => (home.processes().includes(pid) ? undefined : true), { timeout: 60_000 });
    await home.untilState(name, 'aborted', 60_000);

    const end = Math.max(first, ...numbers.map((number) => number + 1));
    this.acknowledged.push({ first, end });
    // What was under way when the machine died has its numbers too: nobody may write them twice.
    this.next = end + 2 * TOGETHER;
    return { first, end, clean: hasQemuImg() ? this.isClean() : undefined, lost: await this.lost() };
  }

  /** What `qemu-img check` finds. It takes no differencing images: of one it is shown a copy that says that it stands alone; its map is as it was. */
  private isClean(): boolean {
    const check = (image: string): boolean => spawnSync('qemu-img', ['check', '-f', 'vdi', image], { encoding: 'utf8' }).stdout.includes('No errors were found');
    if (this.parent === undefined) return check(this.image);
    const copy = `${this.image}.alone`;
    copyFileSync(this.image, copy, constants.COPYFILE_FICLONE);
    try {
      const file = openSync(copy, 'r+');
      writeSync(file, Uint8Array.of(1), 0, 1, VDI.type);
      writeSync(file, new Uint8Array(VDI.linkEnd - VDI.link), 0, VDI.linkEnd - VDI.link, VDI.link);
      closeSync(file);
      return check(copy);
    } finally {
      rmSync(copy);
    }
  }

  /** Numbers of acknowledged blocks that are not there. */
  private async lost(): Promise<number[]> {
    const lost: number[] = [];
    const { parent } = this;
    const disk = await openImage(this.image, { readOnly: true, ...(parent === undefined ? {} : { resolveParent: () => parent }) });
    try {
      for (const { first, end } of this.acknowledged) {
        for (let number = first; number < end; number++) {
          if (Buffer.compare(await disk.read(blockOffset(number), BLOCK_SIZE), blockContent(number)) !== 0) lost.push(number);
        }
      }
    } finally {
      await disk.close();
    }
    return lost;
  }
}

/** Waits until the guest's shell is there, and sees the disk. */
async function shell(line: SerialLine): Promise<void> {
  await line.said(PROMPT, 600_000);
  line.write("echo 'the disk: '; ls /dev/sda\n");
  await line.said(/^the disk: \r*\n\/dev\/sda\r*\n.*# /m, 60_000);
}
