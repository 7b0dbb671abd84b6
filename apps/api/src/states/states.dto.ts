/** What the API takes about saved states. */
import { Text } from '../http/fields.js';

export class AdoptState {
  @Text({ doc: 'absolute path of a saved state' }) path: string;
}
