/** What the API takes about snapshots. */
import { OneOf, Text } from '../http/fields.js';

export class TakeSnapshot {
  @Text({ max: 200 }) name: string;
  @Text({ optional: true, max: 65536 }) description?: string;
  @OneOf(['number', 'timestamp', 'force'], { optional: true, doc: 'where the name is taken: add a number or the time, or refuse; otherwise two may have one name' }) uniqueName?: 'number' | 'timestamp' | 'force';
}

export class EditSnapshot {
  @Text({ optional: true, max: 200 }) name?: string;
  @Text({ optional: true, max: 65536 }) description?: string;
}
