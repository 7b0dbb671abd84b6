/** UUIDs as VirtualBox writes them: lower case, braces allowed where they are read. Pure. */
const form = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;

/** @returns the UUID in lower case without braces; undefined for any other text */
export const parseUuid = (text: string): string | undefined => form.exec(text)?.[1]?.toLowerCase();
