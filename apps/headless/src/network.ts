/**
 * The networks of a machine's adapters: a NAT for each that asks for one, ended with the machine.
 *
 * A host that lacks what NAT needs runs the machine all the same: its card's cable leads nowhere, and the machine says why.
 */
import type { AdapterSpec } from '@belvedere/control';
import { findPasst, Nat, natNetwork, type NetworkAdapterSettings, type NetworkCardModel, usualNetwork } from '@belvedere/emulator';
import type { Log } from './log.js';

/** The model that stands for every card which the engine has none of: the one that systems without virtio know. */
const USUAL_MODEL: NetworkCardModel = 'ne2000';

export const modelOf = ({ type }: Pick<AdapterSpec, 'type'>): NetworkCardModel => (type === 'virtio' ? 'virtio' : USUAL_MODEL);

export class Networks {
  private readonly nats: Nat[] = [];
  readonly adapters: NetworkAdapterSettings[] = [];
  /** What keeps an adapter from its network, in words for the administrator. */
  readonly problems: string[] = [];

  private constructor(private readonly log: Log) {}

  static async open(adapters: readonly AdapterSpec[], log: Log): Promise<Networks> {
    const networks = new Networks(log);
    for (const adapter of adapters) {
      if (adapter.attachment === 'none') continue;
      const link = adapter.attachment === 'nat' ? await networks.nat(adapter) : null;
      networks.adapters.push({ slot: adapter.slot, model: modelOf(adapter), mac: adapter.mac, cableConnected: adapter.cableConnected, link });
    }
    return networks;
  }

  async close(): Promise<void> {
    await Promise.all(this.nats.map((nat) => nat.close()));
  }

  private async nat({ slot, mac }: AdapterSpec): Promise<Nat | null> {
    try {
      const nat = await Nat.start({
        program: await findPasst(),
        network: natNetwork(usualNetwork(slot)),
        mac: Buffer.from(mac, 'hex'),
        localhostReachable: false,
        log: (level, text) => this.log[level](text),
      });
      this.nats.push(nat);
      return nat;
    } catch (error) {
      const problem = `network adapter ${slot} is connected to nothing: ${(error as Error).message}`;
      this.log.warn({ err: error }, problem);
      this.problems.push(problem);
      return null;
    }
  }
}
