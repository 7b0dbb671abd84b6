/** The users of `VBoxAuthSimple`: hashes of passwords in a machine's extra data, or in the global one for logins to the HTTP API. Pure. */
import { HashFormatError, parseHash } from '@belvedere/password';
import { invalid } from '../http/api-error.js';

const prefix = 'VBoxAuthSimple/users/';

/** The extra data key of a user's hash, as packages/auth has it. */
export const simpleUserKey = (user: string): string => prefix + user;

export const isSimpleUser = (key: string): boolean => key.startsWith(prefix);

/** @param key of a simple user */
export const simpleUserOf = (key: string): string => key.slice(prefix.length);

/** Hashes by user. */
export const simpleUsersOf = (extraData: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(extraData).flatMap(([key, value]) => (isSimpleUser(key) ? [[simpleUserOf(key), value]] : [])));

function isHash(value: string): boolean {
  try {
    parseHash(value);
    return true;
  } catch (error) {
    if (error instanceof HashFormatError) return false;
    throw error;
  }
}

/** Users who cannot log in, since what is stored for them is no hash: a settings file may bring such. */
export const usersWithoutHash = (extraData: Readonly<Record<string, string>>): string[] =>
  Object.entries(simpleUsersOf(extraData)).flatMap(([user, value]) => (isHash(value) ? [] : [user]));

/** @throws ApiError, which does not repeat the value: it may be the password itself */
export function requireHash(key: string, value: string): void {
  if (key === prefix) throw invalid(`extra data key '${key}' names no user: write ${prefix}NAME`);
  if (!isHash(value)) {
    throw invalid(`extra data '${key}': the value is no hash of a password; give the text that 'VBoxManage internalcommands passwordhash --algorithm scrypt PASSWORD' prints after 'Password hash: ', or with '--algorithm nt' one for Network Level Authentication`);
  }
}
