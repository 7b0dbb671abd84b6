/** What the API says of a guest system type. */
import { Flag, Text, Whole } from '../http/fields.js';

export class OsType {
  @Text() id: string;
  @Text() description: string;
  @Text() familyId: string;
  @Text() familyDescription: string;
  @Flag() is64Bit: boolean;
  @Whole({ doc: 'recommended' }) memoryMiB: number;
  @Whole({ doc: 'recommended' }) vramMiB: number;
  @Whole({ doc: 'recommended size of the first disk' }) diskMiB: number;
  @Text({ doc: 'chipset of the IDE controller that its drivers know' }) ideChipset: string;
  @Text({ doc: 'network card that its drivers know' }) adapterType: string;
  @Flag() rtcUseUtc: boolean;
}
