/** The path of the built image; undefined when there is none. */
export function findInstaller(): string | undefined;
