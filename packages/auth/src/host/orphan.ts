/** A process whose parent has died must not stay, not even while a native call holds it. */
import koffi from 'koffi';

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/** From now on the kernel ends this process when its parent ends. Linux; elsewhere the closed IPC channel has to do. */
export function dieWithParent(): void {
  if (process.platform !== 'linux') return;
  const parent = process.ppid;
  koffi.load(null).func('prctl', 'int', ['int', 'ulong', 'ulong', 'ulong', 'ulong'])(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (process.ppid !== parent) process.exit();
}
