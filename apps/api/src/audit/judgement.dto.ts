/** What the API says of logins to remote displays, and to itself. */
import { Flag, NestedList, OneOf, Text, Whole } from '../http/fields.js';

export class Judgement {
  @Text({ format: 'uuid' }) id: string;
  @Text({ format: 'date-time' }) at: string;
  @Text({ doc: "the machine's UUID; the record stays when the machine goes. Empty for a login to this API" }) machine: string;
  @Text({ doc: "the machine's name at that time" }) machineName: string;
  @Text() user: string;
  @Text() domain: string;
  @Text() address: string;
  @Text() clientName: string;
  @Whole() clientId: number;
  @Text({ doc: 'null, guest, VBoxAuth, VBoxAuthSimple, or the path of a module' }) method: string;
  @Flag() granted: boolean;
  @Text() reason: string;
}

/** Where logins go to. */
export const destinations = ['machines', 'api'] as const;
export type Destination = (typeof destinations)[number];

export class JudgementPage {
  @NestedList(() => Judgement, { doc: 'the newest first' }) judgements: Judgement[];
  @Text({ nullable: true, doc: "'before' of the next, older page; null: there is none" }) next: string | null;
}

export class Lockout {
  @OneOf(['address', 'user']) kind: 'address' | 'user';
  @Text() name: string;
  @Whole({ doc: 'wrong passwords' }) failures: number;
  @Text({ format: 'date-time' }) since: string;
  @Text({ format: 'date-time' }) until: string;
}

export class Unlock {
  @Text({ optional: true, max: 256, doc: 'an address or a user; absent: all' }) name?: string;
}

export class Unlocked {
  @Whole({ doc: 'lock-outs that were lifted' }) lifted: number;
}
