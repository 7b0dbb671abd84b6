/**
 * Linux's accounts through PAM (libpam.so.0): pam_authenticate, then pam_acct_mgmt, which knows expired accounts and passwords.
 *
 * Blocks while PAM works, which is seconds after a wrong password: to be used in a process of its own.
 * PAM's own service may ask for more than one secret; whatever is not the user's name or the one password is not answered.
 */
import koffi from 'koffi';
import { denied, type LibraryAnswer, unjudged } from '../library.js';
import type { HostedLibrary } from './messages.js';
import { dieWithParent } from './orphan.js';

const PAM_SUCCESS = 0;
const PAM_BUF_ERR = 5;
const PAM_AUTH_ERR = 7;
const PAM_CONV_ERR = 19;
const PAM_RHOST = 4;
const PAM_PROMPT_ECHO_OFF = 1;
const PAM_PROMPT_ECHO_ON = 2;
const PAM_ERROR_MSG = 3;
const PAM_TEXT_INFO = 4;
/** An account without a password admits nobody from the network. */
const PAM_DISALLOW_NULL_AUTHTOK = 0x1;
const PAM_MAX_NUM_MSG = 32;

/** Linux-PAM's results that are judgements of the user. */
const JUDGED: Readonly<Record<number, string>> = {
  6: 'access is not permitted',
  7: 'wrong password, or the account is locked',
  8: 'wrong password, and too many tries',
  10: 'unknown user',
  11: 'too many tries',
  12: 'the password has expired and must be changed',
  13: 'the account has expired',
  27: 'the password has expired',
};

/** And those that say that there was no judgement. */
const UNJUDGED: Readonly<Record<number, string>> = {
  1: 'a PAM module could not be loaded',
  2: 'a symbol of a PAM module was not found',
  3: 'a PAM module failed',
  4: 'PAM reports a system error',
  5: 'PAM is out of memory',
  9: "the user's data cannot be read",
  19: 'PAM asked for more than a user name and a password',
  26: 'PAM aborts',
  28: 'the PAM service has no such module',
};

export const pamReason = (code: number): string => JUDGED[code] ?? `${UNJUDGED[code] ?? 'PAM refuses'} (code ${code})`;

const refusal = (code: number): LibraryAnswer => (code in UNJUDGED ? unjudged(pamReason(code)) : denied(pamReason(code)));

const message = koffi.struct('pam_message', { msg_style: 'int', msg: 'str' });
const response = koffi.struct('pam_response', { resp: 'void *', resp_retcode: 'int' });
const conversation = koffi.proto('int pam_conversation(int num_msg, void *msg, void *resp, void *appdata_ptr)');
const conv = koffi.struct('pam_conv', { conv: koffi.pointer(conversation), appdata_ptr: 'void *' });

function bind() {
  const pam = koffi.load('libpam.so.0');
  // Some PAM modules are not linked against libc's malloc directly: the answers must be its memory, for PAM frees them.
  const libc = koffi.load(null);
  return {
    start: pam.func('pam_start', 'int', ['str', 'str', koffi.pointer(conv), koffi.out('void **')]),
    setItem: pam.func('pam_set_item', 'int', ['void *', 'int', 'str']),
    authenticate: pam.func('pam_authenticate', 'int', ['void *', 'int']),
    acctMgmt: pam.func('pam_acct_mgmt', 'int', ['void *', 'int']),
    end: pam.func('pam_end', 'int', ['void *', 'int']),
    calloc: libc.func('calloc', 'void *', ['size_t', 'size_t']),
    strdup: libc.func('strdup', 'void *', ['str']),
  };
}

/** @throws Error when there is no libpam */
export function pamLibrary(service: string): HostedLibrary {
  dieWithParent();
  const pam = bind();

  /** Answers PAM's prompts. Memory that PAM frees comes from calloc and strdup. */
  function answer(count: number, messages: unknown, out: unknown, user: string, secrets: string[]): number {
    if (count < 1 || count > PAM_MAX_NUM_MSG) return PAM_CONV_ERR;
    const answers: (string | undefined)[] = [];
    for (let index = 0; index < count; index++) {
      const at = koffi.decode(messages, index * koffi.sizeof('void *'), 'void *');
      const { msg_style: style } = koffi.decode(at, message) as { msg_style: number };
      if (style === PAM_PROMPT_ECHO_OFF && secrets.length > 0) answers.push(secrets.pop());
      else if (style === PAM_PROMPT_ECHO_ON) answers.push(user);
      else if (style === PAM_ERROR_MSG || style === PAM_TEXT_INFO) answers.push(undefined);
      else return PAM_CONV_ERR;
    }
    const array = pam.calloc(count, koffi.sizeof(response));
    if (!array) return PAM_BUF_ERR;
    answers.forEach((text, index) => koffi.encode(array, index * koffi.sizeof(response), response, { resp: text === undefined ? null : pam.strdup(text), resp_retcode: 0 }));
    koffi.encode(out, 'void *', array);
    return PAM_SUCCESS;
  }

  const converse = (user: string, password: string) => {
    const secrets = [password];
    return (count: number, messages: unknown, out: unknown): number => {
      try {
        return answer(count, messages, out, user, secrets);
      } catch {
        // What throws in here would reach PAM as 0, which means success.
        return PAM_CONV_ERR;
      }
    };
  };

  return {
    authenticate({ user, password, address }): LibraryAnswer {
      if (user === '') return unjudged('no user name was given');
      const callback = koffi.register(converse(user, password), koffi.pointer(conversation));
      const handle: [unknown] = [null];
      const started = pam.start(service, user, { conv: callback, appdata_ptr: null }, handle) as number;
      if (started !== PAM_SUCCESS) return refusal(started);
      let code = pam.setItem(handle[0], PAM_RHOST, address) as number;
      if (code === PAM_SUCCESS) code = pam.authenticate(handle[0], PAM_DISALLOW_NULL_AUTHTOK) as number;
      const right = code === PAM_SUCCESS;
      if (right) code = pam.acctMgmt(handle[0], PAM_DISALLOW_NULL_AUTHTOK) as number;
      pam.end(handle[0], code);
      koffi.unregister(callback);
      if (code === PAM_SUCCESS) return { result: 'granted' };
      // Stacks such as Debian's end in pam_deny, which hides the account's own reason behind this code.
      return right && code === PAM_AUTH_ERR ? denied('the account has expired, or is locked') : refusal(code);
    },
  };
}
