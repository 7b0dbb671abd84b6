/**
 * The networks of a machine's adapters: a NAT for each that asks for one, with the host's ports that lead to the guest, ended with the machine.
 *
 * A host that lacks what NAT needs runs the machine all the same: its card's cable leads nowhere, and the machine says why.
 */
import { type AdapterSpec, ControlError, type PortForwardSpec } from '@belvedere/control';
import { findPasst, Nat, natNetwork, type Network, type NetworkAdapterSettings, type NetworkCardModel, PortForwardError, usualNetwork } from '@belvedere/emulator';
import type { Log } from './log.js';

/** The model that stands for every card which the engine has none of: the one that systems without virtio know. */
const USUAL_MODEL: NetworkCardModel = 'ne2000';
/** Milliseconds between two attempts to open ports that the source of a machine has not let go yet, and how often. */
const AGAIN = { wait: 1_000, attempts: 60 };

export const modelOf = ({ type }: Pick<AdapterSpec, 'type'>): NetworkCardModel => (type === 'virtio' ? 'virtio' : USUAL_MODEL);

interface Adapter {
  readonly spec: AdapterSpec;
  readonly nat: Nat | null;
  /** What keeps it from its network, in words for the administrator. */
  readonly problem: string | undefined;
  cableConnected: boolean;
}

export class Networks {
  private readonly all: Adapter[] = [];
  /** Rules that have no port yet, by slot and name. */
  private readonly late = new Map<string, string>();
  private closing = false;

  private constructor(private readonly log: Log) {}

  /** The host's ports stay closed until `openPorts`, or `openPortsLater`. */
  static async open(adapters: readonly AdapterSpec[], log: Log): Promise<Networks> {
    const networks = new Networks(log);
    for (const spec of adapters) {
      if (spec.attachment === 'none') continue;
      const { nat, problem } = spec.attachment === 'nat' ? await networks.nat(spec) : { nat: null };
      networks.all.push({ spec, nat, problem, cableConnected: spec.cableConnected });
    }
    return networks;
  }

  get adapters(): NetworkAdapterSettings[] {
    return this.all.map(({ spec, nat: link, cableConnected }) => ({ slot: spec.slot, model: modelOf(spec), mac: spec.mac, cableConnected, link }));
  }

  /** What keeps adapters from their networks, in words for the administrator. */
  get problems(): string[] {
    return [...this.all.flatMap(({ problem }) => problem ?? []), ...this.late.values()];
  }

  /** Opens the host's ports that the machine was told of. @throws ControlError that names the port; those that are open are closed by `close` */
  async openPorts(): Promise<void> {
    for (const { spec, nat } of this.all) for (const forward of spec.forwards) await nat?.forwards.add(forward).catch(asControlError);
  }

  /** As `openPorts`, for a machine that runs already: what cannot be opened is a problem until it can be. */
  async openPortsLater(): Promise<void> {
    for (const { spec, nat } of this.all) for (const forward of spec.forwards) if (nat) await this.openLater(nat, spec.slot, forward, AGAIN.attempts);
  }

  /**
   * Plugs a cable in or out, and makes the ports of the host that lead to the guest be `forwards`.
   * @throws ControlError naming what cannot be had; nothing has changed then
   */
  async change(slot: number, cableConnected: boolean, forwards: readonly PortForwardSpec[], network: Network): Promise<void> {
    const adapter = this.all.find(({ spec }) => spec.slot === slot);
    if (!adapter) throw new ControlError('VBOX_E_OBJECT_NOT_FOUND', `this machine has no network adapter ${slot}`);
    const { nat, problem } = adapter;
    if (!nat && forwards.length > 0) throw new ControlError('VBOX_E_HOST_ERROR', problem ?? `network adapter ${slot} is not attached to NAT`);
    if (nat) await replace(nat, forwards);
    for (const [rule] of this.late) if (rule.startsWith(`${slot} `)) this.late.delete(rule);
    if (cableConnected === adapter.cableConnected) return;
    adapter.cableConnected = cableConnected;
    network.setCable(slot, cableConnected);
  }

  async close(): Promise<void> {
    this.closing = true;
    await Promise.all(this.all.map(async ({ nat }) => nat?.close()));
  }

  private async openLater(nat: Nat, slot: number, forward: PortForwardSpec, attempts: number): Promise<void> {
    const rule = `${slot} ${forward.name}`;
    try {
      await nat.forwards.add(forward);
      if (this.late.delete(rule)) this.log.info({ rule: forward.name, port: forward.hostPort }, 'a port that stayed closed is open');
      if (this.closing) await nat.forwards.remove(forward.name);
    } catch (error) {
      this.late.set(rule, `network adapter ${slot}: ${(error as Error).message}`);
      if (attempts === AGAIN.attempts) this.log.warn({ err: error }, 'a port stays closed for now');
      if (attempts > 1) setTimeout(() => !this.closing && this.late.has(rule) && void this.openLater(nat, slot, forward, attempts - 1), AGAIN.wait).unref();
    }
  }

  private async nat({ slot, mac, localhostReachable }: AdapterSpec): Promise<{ nat: Nat | null; problem?: string }> {
    try {
      const nat = await Nat.start({
        program: await findPasst(),
        network: natNetwork(usualNetwork(slot)),
        mac: Buffer.from(mac, 'hex'),
        localhostReachable,
        log: (level, text) => this.log[level](text),
      });
      return { nat };
    } catch (error) {
      const problem = `network adapter ${slot} is connected to nothing: ${(error as Error).message}`;
      this.log.warn({ err: error }, problem);
      return { nat: null, problem };
    }
  }
}

const isSame = (a: PortForwardSpec, b: PortForwardSpec): boolean => (Object.keys(a) as (keyof PortForwardSpec)[]).every((key) => a[key] === b[key]);

/** @throws ControlError for a port that cannot be opened; the rules are as they were then, but for connections of those that were to go */
async function replace({ forwards }: Nat, wanted: readonly PortForwardSpec[]): Promise<void> {
  const before = forwards.list;
  const gone = before.filter((rule) => !wanted.some((other) => isSame(rule, other)));
  const fresh = wanted.filter((rule) => !before.some((other) => isSame(rule, other)));
  const added: PortForwardSpec[] = [];
  for (const { name } of gone) await forwards.remove(name);
  try {
    for (const rule of fresh) {
      await forwards.add(rule);
      added.push(rule);
    }
  } catch (error) {
    for (const { name } of added) await forwards.remove(name);
    for (const rule of gone) await forwards.add(rule);
    asControlError(error);
  }
}

function asControlError(cause: unknown): never {
  throw cause instanceof PortForwardError ? new ControlError('VBOX_E_HOST_ERROR', cause.message, { cause }) : cause;
}
