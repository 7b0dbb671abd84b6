/** The users of `VBoxAuthSimple`: hashes of passwords in a machine's extra data, or in the global one for logins to the HTTP API. Pure. */
import { invalid } from '../http/api-error.js';

const prefix = 'VBoxAuthSimple/users/';

/** SHA-256 in hexadecimal, salted scrypt in the PHC string form, or an NT hash. */
const forms = [/^[0-9a-f]{64}$/i, /^\$scrypt\$ln=\d{1,2},r=\d{1,4},p=\d{1,4}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/, /^\$nt\$[0-9a-f]{32}$/i];

/** The extra data key of a user's hash, as packages/auth has it. */
export const simpleUserKey = (user: string): string => prefix + user;

export const isSimpleUser = (key: string): boolean => key.startsWith(prefix);

/** @param key of a simple user */
export const simpleUserOf = (key: string): string => key.slice(prefix.length);

/** Hashes by user. */
export const simpleUsersOf = (extraData: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(extraData).flatMap(([key, value]) => (isSimpleUser(key) ? [[simpleUserOf(key), value]] : [])));

const isHash = (value: string): boolean => forms.some((form) => form.test(value));

/** Users who cannot log in, since what is stored for them is no hash: a settings file may bring such. */
export const usersWithoutHash = (extraData: Readonly<Record<string, string>>): string[] =>
  Object.entries(simpleUsersOf(extraData)).flatMap(([user, value]) => (isHash(value) ? [] : [user]));

/** @throws ApiError, which does not repeat the value: it may be the password itself */
export function requireHash(key: string, value: string): void {
  if (key === prefix) throw invalid(`extra data key '${key}' names no user: write ${prefix}NAME`);
  if (!isHash(value)) {
    throw invalid(`extra data '${key}': the value is no hash of a password; type 'VBoxManage internalcommands passwordhash PASSWORD', and give the 64 hexadecimal digits or the '$scrypt$...' text that it prints, or '$nt$' and the 32 hexadecimal digits of an NT hash`);
  }
}
