import { Text } from '../http/fields.js';

export class ExtraDataValue {
  @Text({ nullable: true, max: 65536, doc: 'null: the key is removed' }) value: string | null;
}
