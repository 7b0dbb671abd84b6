/** The release that is installed. */
export const SUITE: string;
/** The folder of the mirror; undefined when there is none. */
export function findMirror(): string | undefined;
