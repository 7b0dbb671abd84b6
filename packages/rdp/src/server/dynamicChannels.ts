/**
 * The server's manager of dynamic virtual channels: capabilities, who is asked for which channel, what comes in each, and its end.
 *
 * [MS-RDPEDYC] 1.3.3, 3.1.5 (both sides), 3.3.5 (server). Pure, but for the messages in progress: an event in, PDUs, effects and the next state
 * out.
 */
import { decode, encode } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { Assembly } from '../pdu/channel.js';
import * as dvc from '../pdu/dynamicChannel.js';

/** What is offered. Version 3 is compression, which this server has none of; a client that knows more than this says so, and it means nothing. */
export const OFFERED_VERSION = 2;

/** All classes of priority alike: nothing here is sent in another class than the first. */
const EVEN = { PriorityCharge0: 0x0400, PriorityCharge1: 0x0400, PriorityCharge2: 0x0400, PriorityCharge3: 0x0400 };

interface Channel {
  readonly key: string;
  readonly name: string;
  /** `unwanted`: closed by this side before the client has answered; `closing`: the client has not confirmed its end. */
  readonly step: 'creating' | 'unwanted' | 'open' | 'closing';
  /** Bytes of the longest message that is taken. */
  readonly limit: number;
  /** The message in fragments that is coming. */
  readonly assembly?: Assembly;
}

export type DynamicState =
  | { readonly step: 'idle' }
  /** The client has not said what it can. */
  | { readonly step: 'capabilities'; readonly wanted: readonly Wanted[] }
  | { readonly step: 'ready'; readonly version: number; readonly channels: ReadonlyMap<number, Channel>; readonly next: number };

export interface Wanted {
  /** What this side knows the channel by: there may be several of a name. */
  readonly key: string;
  /** The listener's. */
  readonly name: string;
  readonly limit: number;
}

export type DynamicEvent =
  | { readonly type: 'start' }
  | ({ readonly type: 'open' } & Wanted)
  | { readonly type: 'close'; readonly key: string }
  /** A message in the static channel. */
  | { readonly type: 'received'; readonly bytes: Uint8Array };

export type DynamicEffect =
  | { readonly type: 'opened'; readonly key: string; readonly name: string; readonly id: number }
  /** Nobody listens there. */
  | { readonly type: 'unheard'; readonly key: string; readonly name: string; readonly status: number }
  /** Without a name: in a channel that is none. */
  | { readonly type: 'message'; readonly key: string; readonly name: string; readonly message: Uint8Array }
  /** What came in a channel that this side has closed. */
  | { readonly type: 'late'; readonly key: string; readonly name: string }
  /** By the client, or confirmed by it. */
  | { readonly type: 'closed'; readonly key: string; readonly name: string; readonly id: number };

export interface DynamicOutcome {
  readonly state: DynamicState;
  /** Messages for the static channel. */
  readonly send: readonly Uint8Array[];
  readonly effects: readonly DynamicEffect[];
}

const to = (state: DynamicState, send: readonly Uint8Array[] = [], effects: readonly DynamicEffect[] = []): DynamicOutcome => ({ state, send, effects });

const illegal = (problem: string, state: string, pdu: string, section: string): never => {
  throw new ProtocolError(problem, { state: `dynamic channels: ${state}`, pdu, section });
};

export function dynamicStep(state: DynamicState, event: DynamicEvent): DynamicOutcome {
  switch (event.type) {
    case 'start':
      return state.step === 'idle' ? to({ step: 'capabilities', wanted: [] }, [encode(dvc.DYNVC_CAPS_VERSION2, EVEN)]) : to(state);
    case 'open':
      return open(state, event);
    case 'close':
      return close(state, event.key);
    case 'received':
      // Before anything was said to it, a client has nothing to answer.
      return state.step === 'idle' ? to(state) : received(state, event.bytes);
  }
}

type Ready = Extract<DynamicState, { step: 'ready' }>;

/** The state with one channel changed, or without it. */
function withChannel(state: Ready, id: number, channel: Channel | undefined): Ready {
  const channels = new Map(state.channels);
  if (channel) channels.set(id, channel);
  else channels.delete(id);
  return { ...state, channels };
}

const find = ({ channels }: Ready, key: string): [number, Channel] | undefined =>
  [...channels].find(([, channel]) => channel.key === key && (channel.step === 'creating' || channel.step === 'open'));

/** [MS-RDPEDYC] 3.3.5.2 */
function open(state: DynamicState, { key, name, limit }: Wanted): DynamicOutcome {
  if (state.step === 'capabilities') return to(state.wanted.some((each) => each.key === key) ? state : { ...state, wanted: [...state.wanted, { key, name, limit }] });
  if (state.step === 'idle' || find(state, key)) return to(state);
  const id = state.next;
  const next = withChannel({ ...state, next: id + 1 }, id, { key, name, limit, step: 'creating' });
  return to(next, [encode(dvc.DYNVC_CREATE_REQ, { ChannelId: id, Pri: 0, ChannelName: name })]);
}

function close(state: DynamicState, key: string): DynamicOutcome {
  if (state.step === 'capabilities') return to({ ...state, wanted: state.wanted.filter((each) => each.key !== key) });
  const found = state.step === 'ready' ? find(state, key) : undefined;
  if (state.step !== 'ready' || !found) return to(state);
  const [id, channel] = found;
  // A client answers a request that it has before it hears of the end.
  if (channel.step === 'creating') return to(withChannel(state, id, { ...channel, step: 'unwanted' }));
  return to(withChannel(state, id, { ...channel, step: 'closing', assembly: undefined }), [encode(dvc.DYNVC_CLOSE, { ChannelId: id })]);
}

function received(state: Exclude<DynamicState, { step: 'idle' }>, bytes: Uint8Array): DynamicOutcome {
  const cmd = dvc.cmdOf(bytes);
  if (cmd === dvc.Cmd.CAPABILITY) return capabilities(state, bytes);
  if (state.step !== 'ready') return illegal(`Cmd ${cmd} before the capabilities`, state.step, 'DYNVC_CAPS_RSP', '[MS-RDPEDYC] 3.1.5.1.1');
  switch (cmd) {
    case dvc.Cmd.CREATE:
      return created(state, bytes);
    case dvc.Cmd.DATA_FIRST: {
      const { ChannelId, Length, Data } = decode(dvc.DYNVC_DATA_FIRST, bytes);
      return data(state, ChannelId, Data, Length);
    }
    case dvc.Cmd.DATA: {
      const { ChannelId, Data } = decode(dvc.DYNVC_DATA, bytes);
      return data(state, ChannelId, Data);
    }
    case dvc.Cmd.CLOSE: {
      const { ChannelId } = decode(dvc.DYNVC_CLOSE, bytes);
      const channel = state.channels.get(ChannelId);
      return channel ? to(withChannel(state, ChannelId, undefined), [], [{ type: 'closed', key: channel.key, name: channel.name, id: ChannelId }]) : to(state);
    }
    default: // [MS-RDPEDYC] 2.2.3.3, 2.2.3.4: compressed data are for version 3, 2.2.5: soft sync for transports over UDP
      return illegal(`Cmd ${cmd} is not one that was agreed on`, state.step, 'DYNVC_PDU', '[MS-RDPEDYC] 2.2');
  }
}

/** [MS-RDPEDYC] 3.1.5.1.1: a client names the newest version that it knows, which may be newer than what it was offered. */
function capabilities(state: Exclude<DynamicState, { step: 'idle' }>, bytes: Uint8Array): DynamicOutcome {
  const { Version } = decode(dvc.DYNVC_CAPS_RSP, bytes);
  if (state.step === 'ready') return to(state);
  if (Version === 0) illegal('version 0', state.step, 'DYNVC_CAPS_RSP', '[MS-RDPEDYC] 2.2.1.2');
  let outcome: DynamicOutcome = to({ step: 'ready', version: Math.min(Version, OFFERED_VERSION), channels: new Map(), next: 1 });
  for (const wanted of state.wanted) {
    const { state: next, send } = open(outcome.state, wanted);
    outcome = to(next, [...outcome.send, ...send]);
  }
  return outcome;
}

/** [MS-RDPEDYC] 3.3.5.2.2 */
function created(state: Ready, bytes: Uint8Array): DynamicOutcome {
  const { ChannelId: id, CreationStatus: status } = decode(dvc.DYNVC_CREATE_RSP, bytes);
  const channel = state.channels.get(id);
  if (!channel || channel.step === 'open' || channel.step === 'closing') return illegal(`channel ${id} is not being created`, state.step, 'DYNVC_CREATE_RSP', '[MS-RDPEDYC] 3.3.5.2.2');
  const { key, name } = channel;
  if (status < 0) return to(withChannel(state, id, undefined), [], channel.step === 'creating' ? [{ type: 'unheard', key, name, status }] : []);
  if (channel.step === 'creating') return to(withChannel(state, id, { ...channel, step: 'open' }), [], [{ type: 'opened', key, name, id }]);
  return to(withChannel(state, id, { ...channel, step: 'closing' }), [encode(dvc.DYNVC_CLOSE, { ChannelId: id })]);
}

/** [MS-RDPEDYC] 3.1.5.2: a message, or a part of one. @param length the whole message's, of its first part */
function data(state: Ready, id: number, part: Uint8Array, length?: number): DynamicOutcome {
  const channel = state.channels.get(id);
  if (!channel) return to(state, [], [{ type: 'message', key: '', name: '', message: part }]);
  const { key, name, step } = channel;
  if (step === 'closing') return to(state, [], [{ type: 'late', key, name }]);
  if (step !== 'open') return illegal(`data in channel ${id}, which is not open yet`, state.step, 'DYNVC_DATA', '[MS-RDPEDYC] 3.3.5.3');
  const where = 'DYNVC_DATA_FIRST.Length';
  if (length === undefined && !channel.assembly) {
    const whole = new Assembly(part.length, channel.limit, where);
    whole.add(part);
    return to(state, [], [{ type: 'message', key, name, message: whole.message }]);
  }
  if (length !== undefined && channel.assembly) illegal(`a message begins in channel ${id} before the last one is complete`, state.step, 'DYNVC_DATA_FIRST', '[MS-RDPEDYC] 3.1.5.2');
  const assembly = channel.assembly ?? new Assembly(length!, channel.limit, where);
  assembly.add(part);
  if (!assembly.complete) return to(channel.assembly ? state : withChannel(state, id, { ...channel, assembly }));
  return to(withChannel(state, id, { ...channel, assembly: undefined }), [], [{ type: 'message', key, name, message: assembly.message }]);
}
