/** The API's operations by `METHOD /path`, each with what it takes and answers: read from the OpenAPI document's types. Pure types. */
import type { components, paths } from './schema.js';

type Schemas = components['schemas'];
export type Adapter = Schemas['Adapter'];
export type AdapterChange = Schemas['AdapterChange'];
export type AddStorageController = Schemas['AddStorageController'];
export type CloneMedium = Schemas['CloneMedium'];
export type CloneMachine = Schemas['CloneMachine'];
export type CreateMachine = Schemas['CreateMachine'];
export type CreateMedium = Schemas['CreateMedium'];
export type Job = Schemas['Job'];
export type Judgement = Schemas['Judgement'];
export type Lockout = Schemas['Lockout'];
export type Machine = Schemas['Machine'];
export type MachineChanges = Schemas['MachineChanges'];
export type MachineSummary = Schemas['MachineSummary'];
export type Medium = Schemas['Medium'];
export type MediumChanges = Schemas['MediumChanges'];
export type MediumLock = Schemas['MediumLock'];
export type OsType = Schemas['OsType'];
export type PortForward = Schemas['PortForward'];
export type RunningAdapterChange = Schemas['RunningAdapterChange'];
export type ScreenChange = Schemas['ScreenChange'];
export type SerialPort = Schemas['SerialPort'];
export type SerialPortChange = Schemas['SerialPortChange'];
export type SetAttachment = Schemas['SetAttachment'];
export type StartMachine = Schemas['StartMachine'];
export type Status = Schemas['Status'];
export type StorageController = Schemas['StorageController'];
export type SystemProperties = Schemas['SystemProperties'];
export type SystemPropertyChanges = Schemas['SystemPropertyChanges'];
export type TeleporterChanges = Schemas['TeleporterChanges'];
export type VrdeChanges = Schemas['VrdeChanges'];
export type VrdeStatus = Schemas['VrdeStatus'];

export type MachineState = Machine['state'];
export type BootDevice = Machine['boot'][number];
export type MediumType = Medium['type'];
export type DriveType = NonNullable<SetAttachment['type']>;

type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';
/** An operation of the document: `undefined` where a path has none of that method. */
type Documented<O extends string> = O extends `${infer M} ${infer P}` ? (P extends keyof paths ? (Lowercase<M> extends keyof paths[P] ? paths[P][Lowercase<M>] : never) : never) : never;

/** Every `METHOD /path` of the document. */
export type Operation = {
  [P in keyof paths]: { [M in Method]: paths[P][M] extends { responses: unknown } ? `${Uppercase<M>} ${P}` : never }[Method];
}[keyof paths];

type Content<C> = C extends { 'application/json': infer Json } ? Json : C extends { 'text/event-stream': infer Event } ? Event : C extends { 'image/png': unknown } ? Buffer : undefined;
type Good<R> = R extends { 200: infer A } | { 201: infer A } | { 202: infer A } | { 204: infer A } ? A : never;

/** What an operation answers when it succeeds. */
export type Answer<O extends Operation> = Documented<O> extends { responses: infer R } ? (Good<R> extends { content?: infer C } ? Content<C> : undefined) : never;

type PathOf<D> = D extends { parameters: { path: infer V } } ? (V extends Record<string, unknown> ? { path: V } : unknown) : unknown;
type QueryOf<D> = D extends { parameters: { query?: infer V } } ? ([V] extends [never] ? unknown : { query?: V }) : unknown;
type BodyOf<D> = D extends { requestBody: { content: { 'application/json': infer B } } } ? { body: B } : unknown;
type Parts<D> = PathOf<D> & QueryOf<D> & BodyOf<D>;

/** The arguments of a request: optional where none is required. */
export type Input<O extends Operation> = object extends Parts<Documented<O>> ? [input?: Parts<Documented<O>>] : [input: Parts<Documented<O>>];

export type ApiEvent = Answer<'GET /events'>;
