/** Judgements as a machine's process tells and files them, looked at before they are believed. Pure. */
import type { JudgementRecord } from '@belvedere/control';
import { parseUuid } from '../machines/uuid.js';

/** Longest text of a record, in UTF-16 code units. */
const longest = 1024;
const longestReason = 4096;

/** @returns undefined for anything but a whole record of this machine */
export function judgementOf(value: unknown, machine: string): JudgementRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, at, user, domain, address, clientName, clientId, machineId, method, granted, reason } = value as Record<string, unknown>;
  const uuid = isText(id) ? parseUuid(id) : undefined;
  const isTime = isText(at) && !Number.isNaN(Date.parse(at));
  const isWhole = isText(user) && isText(domain) && isText(address) && isText(clientName) && isText(method) && isText(reason, longestReason);
  if (!uuid || !isTime || !isWhole || typeof granted !== 'boolean' || !Number.isSafeInteger(clientId) || machineId !== machine) return undefined;
  return { id: uuid, at: new Date(at).toISOString(), user, domain, address, clientName, clientId: clientId as number, machineId, method, granted, reason };
}

const isText = (value: unknown, most = longest): value is string => typeof value === 'string' && value.length <= most;

/** @returns the good records of a file's text, and how many lines were none */
export function judgementsIn(text: string, machine: string): { records: JudgementRecord[]; bad: number } {
  const lines = text.split('\n').filter(Boolean);
  const records = lines.flatMap((line) => judgementOf(parse(line), machine) ?? []);
  return { records, bad: lines.length - records.length };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
