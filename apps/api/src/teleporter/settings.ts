/** Where a machine waits to be teleported to, and what `modifyvm` does to that. Pure but for the password's key, which takes its time. */
import { isIP } from 'node:net';
import { teleporterKey } from '@belvedere/password';
import { invalid } from '../http/api-error.js';
import type { TeleporterChanges } from '../machines/requests.dto.js';

export interface TeleporterSettings {
  readonly enabled: boolean;
  /** 0: none was given. */
  readonly port: number;
  /** Empty: all addresses of the host. */
  readonly address: string;
  /** What is derived from the password; empty: none. */
  readonly key: string;
}

export const newTeleporter: TeleporterSettings = { enabled: false, port: 0, address: '', key: '' };

/** @throws ApiError naming the value */
export async function changeTeleporter(settings: TeleporterSettings, changes: TeleporterChanges): Promise<TeleporterSettings> {
  const { address, password } = changes;
  const changed = {
    enabled: changes.enabled ?? settings.enabled,
    port: changes.port ?? settings.port,
    address: address === undefined ? settings.address : addressOf(address),
    key: password === undefined ? settings.key : await teleporterKey(password),
  };
  if (changed.enabled && changed.port === 0) throw invalid('the teleporter has no port: give one with --teleporter-port');
  return changed;
}

function addressOf(address: string): string {
  if (address === '' || isIP(address)) return address;
  throw invalid(`teleporter address '${address}' is no IP address: give one of the host's, or nothing for all`);
}
