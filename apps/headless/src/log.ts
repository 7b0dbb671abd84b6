/** The process's log: JSON lines on standard output, which the control plane keeps in the machine's `Logs` folder. */
import { pino, type Logger } from 'pino';

export type Log = Logger;

export const createLog = (machine: string): Log => pino({ base: { machine, pid: process.pid }, level: process.env.BELVEDERE_LOG_LEVEL ?? 'info' }, pino.destination({ dest: 1, sync: true }));
