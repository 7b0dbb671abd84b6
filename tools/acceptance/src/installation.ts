/** An unattended installation of Debian from a mirror on this host, typed at `VBoxManage`; and what shows that its image is good. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { debianMirror, type Mirror, serveMirror, writeUnattendedIso } from '@belvedere/guests';
import { until } from '@belvedere/viewers';
import type { Home } from './home.js';
import { SerialLine } from './serial-line.js';

/** What `--nictype1` is told. */
export type Card = 'virtio' | 'NE2000';

const NAME = 'debian';
const DISK_MIB = 2048;
const ROOT_PASSWORD = 'right horse';
/** This host's loopback, as a guest behind NAT sees it. */
export const GATEWAY = '10.0.2.2';
const MINUTE = 60_000;
const LOGIN = /debian login: $/;

/** Milliseconds that a guest may take to its login prompt, and an installation to its end. */
const LIMIT = { boot: 20 * MINUTE, installation: 180 * MINUTE } as const;

export class Installation {
  readonly image: string;

  private constructor(private readonly home: Home, private readonly mirror: Mirror, private line: SerialLine) {
    this.image = join(home.folder, `${NAME}.vdi`);
  }

  /** Makes the machine and starts the installer in it. @returns undefined where the mirror or the installer's image is not there */
  static async start(home: Home, card: Card): Promise<Installation | undefined> {
    const folder = debianMirror();
    if (folder === undefined) return undefined;
    const mirror = await serveMirror(folder, '127.0.0.1');
    try {
      const iso = join(home.folder, 'unattended.iso');
      if (!(await writeUnattendedIso(iso, { mirror: `${GATEWAY}:${mirror.port}`, rootPassword: ROOT_PASSWORD }))) return undefined;
      for (const line of [
        `createvm --name ${NAME} --ostype Debian --register`,
        `modifyvm ${NAME} --memory 512 --boot1 dvd --boot2 disk --nic1 nat --nictype1 ${card} --nat-localhostreachable1 on`,
        `modifyvm ${NAME} --uart1 0x3F8 4 --uartmode1 server "${home.serialPath(NAME)}"`,
        `createhd --filename ${NAME}.vdi --size ${DISK_MIB}`,
        `storagectl ${NAME} --name IDE --add ide --controller PIIX4`,
        `storageattach ${NAME} --storagectl IDE --port 0 --device 0 --type hdd --medium ${NAME}.vdi`,
        `storageattach ${NAME} --storagectl IDE --port 1 --device 0 --type dvddrive --medium ${iso}`,
        `startvm ${NAME} --type headless`,
      ]) await home.type(`VBoxManage ${line}`);
      return new Installation(home, mirror, await SerialLine.open(home.serialPath(NAME)));
    } catch (error) {
      await mirror.close();
      throw error;
    }
  }

  /** Calls for each thing that the installer has fetched, and for each stage that it tells. */
  onProgress(listener: (what: string) => void): void {
    this.mirror.onSent((path) => listener(`fetched ${path}`));
    this.line.onLine((line) => {
      const stage = /minimal-system: (.*)$/.exec(line)?.[1];
      if (stage !== undefined) listener(stage);
    });
  }

  /** Paths of what the installer has fetched. */
  get fetched(): readonly string[] {
    return this.mirror.sent;
  }

  /** Waits until the installer has told this stage. @throws when it tells that it has failed */
  async stage(text: string, timeout = LIMIT.installation): Promise<void> {
    await this.line.said(new RegExp(`minimal-system: (${text}|failed.*)\\r?\\n`), timeout);
    const failed = /minimal-system: (failed.*)/.exec(this.line.text)?.[1];
    if (failed !== undefined) throw new Error(`the installation ${failed}`);
  }

  /** Waits until the installer has done its work and switched the machine off, and takes its disc out. */
  async finished(): Promise<void> {
    await this.stage('the system is installed');
    await this.line.ended;
    await this.home.untilState(NAME, 'poweroff', MINUTE);
    await this.home.type(`VBoxManage storageattach ${NAME} --storagectl IDE --port 1 --device 0 --type dvddrive --medium emptydrive`);
    await this.home.type(`VBoxManage modifyvm ${NAME} --boot1 disk --boot2 none`);
  }

  /** Starts what was installed and waits for its login prompt. */
  async boot(): Promise<void> {
    await this.home.type(`VBoxManage startvm ${NAME} --type headless`);
    this.line = await SerialLine.open(this.home.serialPath(NAME));
    await this.line.said(LOGIN, LIMIT.boot);
  }

  /** Logs in and types a line. @returns what the guest has said to it */
  async typeInGuest(command: string): Promise<string> {
    const { line } = this;
    line.write('root\n');
    await line.said(/Password: $/, LIMIT.boot);
    line.write(`${ROOT_PASSWORD}\n`);
    await line.said(/# $/, LIMIT.boot);
    line.forget();
    line.write(`${command}\n`);
    await line.said(/# $/, LIMIT.boot);
    return line.text;
  }

  /** Switches the machine off from inside; someone has logged in. */
  async powerOff(): Promise<void> {
    this.line.write('poweroff\n');
    await this.line.ended;
    await this.home.untilState(NAME, 'poweroff', LIMIT.boot);
  }

  async close(): Promise<void> {
    this.line.close();
    await this.mirror.close();
  }
}

export const hasQemu = (): boolean => spawnSync('qemu-system-i386', ['--version']).status === 0;

/** What `qemu-img check` prints of an image. */
export const checkImage = (image: string): string => {
  const { stdout, stderr } = spawnSync('qemu-img', ['check', '-f', 'vdi', image], { encoding: 'utf8' });
  return `${stdout}${stderr}`.trim();
};

/** Boots an image by QEMU, which writes nothing to it, and waits for its login prompt. */
export async function bootByQemu(image: string): Promise<void> {
  const qemu = spawn('qemu-system-i386', ['-accel', 'tcg', '-m', '512', '-display', 'none', '-serial', 'stdio', '-nic', 'none', '-drive', `file=${image},format=vdi,if=ide,snapshot=on`], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let complaints = '';
  qemu.stdout.setEncoding('latin1').on('data', (text: string) => void (said = (said + text).slice(-4096)));
  qemu.stderr.setEncoding('latin1').on('data', (text: string) => void (complaints = (complaints + text).slice(-4096)));
  const ended = once(qemu, 'close');
  try {
    await until('the login prompt in QEMU', () => (LOGIN.test(said) ? true : undefined), {
      timeout: LIMIT.boot, interval: 100, failed: () => (qemu.exitCode === null && qemu.signalCode === null ? undefined : `QEMU has ended: ${complaints}`),
    });
  } finally {
    qemu.kill('SIGKILL');
    await ended;
  }
}
