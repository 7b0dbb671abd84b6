/** The API's operations by `METHOD /path`, each with what it takes and answers. Pure types. */

export interface MachineSummary {
  readonly uuid: string;
  readonly name: string;
  readonly state: string;
  readonly osType: string;
}

export interface Status {
  readonly pid: number;
  readonly version: string;
  readonly url: string;
  readonly home: string;
}

export interface Operations {
  'GET /status': { answer: Status };
  'GET /machines': { query?: { state?: 'running' }; answer: readonly MachineSummary[] };
  'GET /machines/{ref}': { path: { ref: string }; answer: MachineSummary };
  'POST /machines/{ref}/pause': { path: { ref: string }; answer: undefined };
  'PUT /extradata/{key}': { path: { key: string }; body: { value: string | null }; answer: undefined };
}

export type Operation = keyof Operations;
export type Answer<O extends Operation> = Operations[O]['answer'];
/** The arguments of a request: none where nothing is required. */
export type Input<O extends Operation> = Partial<Omit<Operations[O], 'answer'>> extends Omit<Operations[O], 'answer'> ? [input?: Omit<Operations[O], 'answer'>] : [input: Omit<Operations[O], 'answer'>];

export type ApiEvent = { readonly type: 'machine'; readonly uuid: string; readonly name: string; readonly state: string; readonly reason?: string };
