/**
 * What clients may use: the features there are, the channels that carry each, and the one question that all they send and are sent must pass.
 *
 * [MS-RDPBCGR] 1.3.3 (static virtual channels), [MS-RDPEDYC] 1.1 (dynamic ones), and the standard of each channel for its name. Pure, but for
 * the counts.
 */

/** What a client may use; asked about each time that it matters. */
export type Feature =
  | 'display'
  | 'input'
  | 'audio'
  | 'upstreamAudio'
  | 'clipboard'
  | 'usb'
  | 'deviceRedirection'
  /** The carrier of dynamic channels. It permits none of them: each has a feature of its own. */
  | 'dynamicChannels'
  /** Whatever this server has no name for. */
  | 'otherChannels';

/** Whether a feature may be used at the moment. */
export type Permits = (feature: Feature) => boolean;

/** Where nobody says otherwise: a client may see and type, and nothing else. */
export const SCREEN_AND_KEYS: Permits = (feature) => feature === 'display' || feature === 'input';

/** The channels that are known, static and dynamic, by the names that go over the line. */
const CHANNELS: ReadonlyMap<string, Feature> = new Map<string, Feature>([
  ['cliprdr', 'clipboard'],
  ['rdpdr', 'deviceRedirection'],
  ['rdpsnd', 'audio'],
  ['drdynvc', 'dynamicChannels'],
  ['AUDIO_PLAYBACK_DVC', 'audio'],
  ['AUDIO_PLAYBACK_LOSSY_DVC', 'audio'],
  ['AUDIO_INPUT', 'upstreamAudio'],
  ['URBDRC', 'usb'],
  ['TSMF', 'display'],
  ['Microsoft::Windows::RDS::Graphics', 'display'],
  ['Microsoft::Windows::RDS::DisplayControl', 'display'],
  ['Microsoft::Windows::RDS::Geometry::v08.01', 'display'],
  ['Microsoft::Windows::RDS::Video::Control::v08.01', 'display'],
  ['Microsoft::Windows::RDS::Video::Data::v08.01', 'display'],
  ['Microsoft::Windows::RDS::Input', 'input'],
  ['Microsoft::Windows::RDS::CoreInput', 'input'],
]);

/** The feature that a channel belongs to. @param channel its name; of one that is not known, or has none, `otherChannels` */
export const featureOf = (channel: string): Feature => CHANNELS.get(channel) ?? 'otherChannels';

/** Messages of a client that were not let through. INVARIANT: messages > 0 */
export interface Dropped {
  readonly feature: Feature;
  /** Input events, or packets of a channel. */
  readonly messages: number;
}

/** Stands between one client and all that it might use. */
export class Gate {
  private readonly counts = new Map<Feature, number>();

  constructor(private readonly permits: Permits) {}

  opens(feature: Feature): boolean {
    return this.permits(feature);
  }

  /** Whether messages that the client has sent may go on; those that may not are counted. */
  passes(feature: Feature, messages: number): boolean {
    if (this.permits(feature)) return true;
    if (messages > 0) this.counts.set(feature, (this.counts.get(feature) ?? 0) + messages);
    return false;
  }

  get dropped(): readonly Dropped[] {
    return [...this.counts].map(([feature, messages]) => ({ feature, messages }));
  }
}
