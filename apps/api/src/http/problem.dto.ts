import { OneOf, Text } from './fields.js';
import { httpStatus } from './api-error.js';

/** Every answer that is no success. */
export class Problem {
  @OneOf(Object.keys(httpStatus)) code: string;
  @Text({ doc: 'what is wrong and what to do' }) message: string;
  @Text({ doc: 'as in VirtualBox error details' }) component: string;
  @Text() interface: string;
}
