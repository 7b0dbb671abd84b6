/** What the installer is told instead of a person. */
export interface Answers {
  /** Host and port of the mirror, as the guest reaches it: `10.0.2.2:8080`. */
  readonly mirror: string;
  /** The mirror's folder: `/debian`. */
  readonly directory: string;
  readonly suite: string;
  /** The disk that is erased: `/dev/sda`. */
  readonly disk: string;
  readonly rootPassword: string;
}
/** Writes an image that installs without a question. @param installer the Debian installer's image, whose kernel and RAM disk it takes */
export function writeUnattended(path: string, installer: string, answers: Answers): Promise<void>;
