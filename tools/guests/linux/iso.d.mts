/** The path of the built image; undefined when there is none. */
export function findLinux(): string | undefined;
