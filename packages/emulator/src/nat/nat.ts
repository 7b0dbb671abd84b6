/**
 * A network of one guest, behind the host's addresses: DHCP, DNS, TCP, UDP and echoes by passt, ports of the host that lead to the guest by
 * `PortForwards`, and between them what neither does right.
 *
 * passt takes the padding of short frames for data, breaks off a connection whose first segment comes twice, answers a repeated acknowledgement with
 * everything again, loses frames that find its socket full, lets a guest that asks for 127.0.0.1 into the host's own loopback whatever it was told,
 * looks for the gateway's closed ports beyond the host, and cannot both give out a name server's address and stand for it.
 */
import { readFile } from 'node:fs/promises';
import { Emitter } from '../emitter.js';
import type { NetworkLink, Unsubscribe } from '../ports.js';
import { Acknowledgements } from './acknowledgements.js';
import { SharedWindow } from './guest-window.js';
import { parseAddress, type NatNetwork } from './network.js';
import { Openings } from './openings.js';
import { echoReply, ETHERNET, etherType, EtherType, Protocol, readdress, readPacket, type Packet } from './packet.js';
import { Passt } from './passt.js';
import { PortForwards } from './port-forwards.js';
import { refusal } from './refusal.js';

const DNS_PORT = 53;
/** Where a guest has its address's lease renewed. */
const DHCP_PORT = 67;
/** Ports from which a guest asked the name server, at most; the oldest is forgotten. */
const ASKERS_MOST = 4096;
/** Addresses whose card is known. */
const NEIGHBOURS_MOST = 256;
const RESOLV_CONF = '/etc/resolv.conf';
/** Milliseconds before passt is started again, after an end that nobody asked for. */
const AGAIN = { first: 1_000, most: 60_000 };
const ECHO_REQUEST = 8;

export interface NatOptions {
  /** passt, as `findPasst` finds it. */
  readonly program: string;
  readonly network: NatNetwork;
  /** The guest's card, six bytes. */
  readonly mac: Uint8Array;
  readonly localhostReachable: boolean;
  readonly log: (level: 'info' | 'warn', text: string) => void;
}

export class Nat implements NetworkLink {
  readonly forwards: PortForwards;
  readonly #frames = new Emitter<[Uint8Array]>();
  readonly #neighbours = new Map<string, Buffer>();
  /** Protocol and port from which the guest asked the name server. */
  readonly #askers = new Set<string>();
  #openings = new Openings();
  readonly #acknowledgements = new Acknowledgements();
  readonly #windows = new SharedWindow();
  #resolver: Buffer | undefined;
  #passt: Passt | undefined;
  #paused = false;
  #closing = false;
  #again: NodeJS.Timeout | undefined;
  #wait = AGAIN.first;

  private constructor(private readonly options: NatOptions) {
    this.forwards = new PortForwards(
      options.network,
      (address) => this.#neighbours.get(address.toString('hex')) ?? Buffer.from(options.mac),
      (frame) => this.#frames.emit(frame),
    );
  }

  /** Resolves when the network serves. @throws Error when passt does not run, with its words */
  static async start(options: NatOptions): Promise<Nat> {
    const nat = new Nat(options);
    await nat.#readResolver();
    await nat.#connect();
    return nat;
  }

  send(bytes: Uint8Array): void {
    const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (etherType(frame) === EtherType.ARP) return this.#passt?.send(frame);
    const packet = readPacket(frame);
    if (!packet || isLoopback(packet.destination)) return;
    this.#meet(packet);
    if (this.forwards.fromGuest(packet) || this.#echo(packet)) return;
    const again = this.#openings.repeats(packet);
    if (again) return again.forEach((answer) => this.#frames.emit(answer));
    this.#windows.limit(packet, performance.now());
    if (this.#acknowledgements.repeats(packet)) return;
    if (!this.#leadsOn(packet)) return refusal(packet).forEach((frame) => this.#frames.emit(frame));
    this.#passt?.send(frame.subarray(0, ETHERNET + packet.ip.length));
  }

  onFrame(listener: (frame: Uint8Array) => void): Unsubscribe {
    return this.#frames.on(listener);
  }

  pause(): void {
    this.#paused = true;
    this.forwards.pause();
    this.#passt?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#passt?.resume();
    this.forwards.resume();
  }

  /** Resolves when the process is gone and every port is closed. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#again);
    await this.forwards.close();
    await this.#passt?.end();
  }

  #meet({ ethernet, source }: Packet): void {
    const key = source.toString('hex');
    const mac = ethernet.subarray(6, 12);
    if (this.#neighbours.get(key)?.equals(mac)) return;
    if (this.#neighbours.size >= NEIGHBOURS_MOST) this.#neighbours.clear();
    this.#neighbours.set(key, Buffer.from(mac));
  }

  /** The gateway and the name server are nobody's but ours: their echoes are answered here. */
  #echo(packet: Packet): boolean {
    const { gateway, dns } = this.options.network;
    const { protocol, destination, payload, fragment } = packet;
    const ours = destination.equals(gateway) || destination.equals(dns);
    if (protocol !== Protocol.ICMP || !ours || fragment || payload.length < 8 || payload[0] !== ECHO_REQUEST) return false;
    for (const frame of echoReply(packet)) this.#frames.emit(frame);
    return true;
  }

  /** Whether the packet goes to passt: to all places but the gateway's and the name server's closed ports. What is for the name server is turned to the host's own. */
  #leadsOn(packet: Packet): boolean {
    const { network, localhostReachable } = this.options;
    const { protocol, destination, payload, fragment } = packet;
    if (destination.equals(network.dns)) return this.#toResolver(packet);
    // There may be another of the gateway's address beyond the host.
    const isLease = protocol === Protocol.UDP && !fragment && payload.length >= 8 && payload.readUInt16BE(2) === DHCP_PORT;
    return localhostReachable || isLease || !destination.equals(network.gateway);
  }

  /** Sends a question to the host's own name server. */
  #toResolver(packet: Packet): boolean {
    const { protocol, payload, fragment } = packet;
    const known = protocol === Protocol.UDP || protocol === Protocol.TCP;
    if (!known || fragment || payload.length < 8 || payload.readUInt16BE(2) !== DNS_PORT) return false;
    void this.#readResolver();
    if (!this.#resolver) return false;
    const asker = `${protocol} ${payload.readUInt16BE(0)}`;
    this.#askers.delete(asker);
    if (this.#askers.size >= ASKERS_MOST) this.#askers.delete(this.#askers.values().next().value!);
    this.#askers.add(asker);
    readdress(packet, 'destination', this.#resolver);
    return true;
  }

  #fromPasst(frame: Buffer): void {
    const packet = readPacket(frame);
    if (packet && this.#isAnswer(packet)) readdress(packet, 'source', this.options.network.dns);
    if (packet) this.#openings.answered(packet, frame);
    this.#frames.emit(frame);
  }

  #isAnswer({ protocol, source, payload, fragment }: Packet): boolean {
    if (fragment || payload.length < 8 || payload.readUInt16BE(0) !== DNS_PORT || !this.#resolver) return false;
    // passt shows what comes from the host's loopback as coming from the gateway.
    const from = source.equals(this.#resolver) || (this.#resolver[0] === 127 && source.equals(this.options.network.gateway));
    return from && this.#askers.has(`${protocol} ${payload.readUInt16BE(2)}`);
  }

  /** The host's first name server that has an IPv4 address; it may change while the guest runs. */
  async #readResolver(): Promise<void> {
    const text = await readFile(RESOLV_CONF, 'utf8').catch(() => '');
    const servers = [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].flatMap(([, server]) => parseAddress(server!) ?? []);
    this.#resolver = servers[0];
  }

  async #connect(): Promise<void> {
    const passt = await Passt.start(this.options, (frame) => this.#fromPasst(frame));
    if (this.#closing) return passt.end();
    this.#passt = passt;
    // One that was started again knows of none.
    this.#openings = new Openings();
    if (this.#paused) passt.pause();
    const began = performance.now();
    void passt.ended.then((reason) => {
      if (performance.now() - began > AGAIN.most) this.#wait = AGAIN.first;
      this.#lost(reason);
    });
  }

  #lost(reason: string): void {
    this.#passt = undefined;
    if (this.#closing) return;
    this.options.log('warn', `network: passt ${reason}; it is started again in ${this.#wait / 1000} s`);
    this.#again = setTimeout(() => {
      this.#connect().catch((error: Error) => this.#lost(error.message));
    }, this.#wait);
    this.#wait = Math.min(this.#wait * 2, AGAIN.most);
  }
}

/** Asking for the host's loopback, or for "this host", by its own address is no way around the gateway's. */
const isLoopback = (destination: Buffer): boolean => destination[0] === 127 || destination[0] === 0;
