/** How each viewer is told what it would else ask a person, and how it tells that a server refused. Pure. */
import { createCipheriv } from 'node:crypto';

export type Security = 'rdp' | 'tls' | 'nla';

export interface Session {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
  readonly domain?: string;
  /** What the viewer insists on; absent: what it negotiates. */
  readonly security?: Security;
  /** Pixels of the session's picture, for viewers that ask the server for a size. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Bits a pixel. */
  readonly depth?: 8 | 15 | 16 | 24 | 32;
  /** Further words for its command line. */
  readonly extra?: readonly string[];
}

export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
  /** What it finds on its standard input, which stays open. */
  readonly input: string;
  /** Files under its home folder. */
  readonly files: Readonly<Record<string, string>>;
  /** What it needs in its environment beside what all have. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A dialog that it shows in any case, by its title, and what to type there. */
  readonly asks?: { readonly title: string; readonly answer: string };
}

export type Program = 'xfreerdp' | 'rdesktop' | 'remmina' | 'krdc';

/** What has to be installed for each, by the name of its command or the file of its plug-in below a folder for libraries, with Debian's package. */
export const needs: Readonly<Record<Program, Readonly<Record<string, string>>>> = {
  xfreerdp: { xfreerdp: 'freerdp2-x11' },
  rdesktop: { rdesktop: 'rdesktop' },
  remmina: { remmina: 'remmina', 'remmina/plugins/remmina-plugin-rdp.so': 'remmina-plugin-rdp', 'dbus-run-session': 'dbus-daemon' },
  krdc: { krdc: 'krdc', xfreerdp: 'freerdp2-x11', 'dbus-run-session': 'dbus-daemon' },
};

/**
 * What FreeRDP, and so each viewer that is made of it, prints of a refused login: in the session, and before it by Network Level Authentication;
 * and where the server has no security that it insists on.
 */
const freerdp = /ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES|STATUS_LOGON_FAILURE|ERRCONNECT_SECURITY_NEGO_CONNECT_FAILED/;

/** What each prints when the server has refused its login. rdesktop prints nothing in an RDP 4 session. */
export const refusals: Readonly<Record<Program, RegExp>> = {
  xfreerdp: freerdp,
  rdesktop: /insufficient access privileges/,
  remmina: freerdp,
  krdc: freerdp,
};

/** @param home its private home folder */
export function commandLine(program: Program, session: Required<Session>, home: string): CommandLine {
  return programs[program](session, home);
}

const address = ({ host, port }: Session): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

const programs: Readonly<Record<Program, (session: Required<Session>, home: string) => CommandLine>> = {
  xfreerdp(session) {
    const { user, password, domain, security, size, depth, extra } = session;
    const args = [`/v:${address(session)}`, '/cert:ignore', `/u:${user}`, `/p:${password}`, `/size:${size.width}x${size.height}`, `/bpp:${depth}`, '-decorations', '-grab-keyboard'];
    if (domain) args.push(`/d:${domain}`);
    if (security) args.push(`/sec:${security}`);
    return { command: 'xfreerdp', args: [...args, ...extra], input: '', files: {} };
  },

  rdesktop(session) {
    const { user, password, domain, size, depth, extra } = session;
    // -D: no decorations; -K: no grab of the keyboard; -N: its number lock follows ours.
    const args = [...(user ? ['-u', user] : []), ...(password ? ['-p', password] : []), '-g', `${size.width}x${size.height}`, '-a', String(depth), '-D', '-K', '-N'];
    if (domain) args.push('-d', domain);
    // It asks whether to trust a certificate that it does not know, up to once for each way to connect.
    return { command: 'rdesktop', args: [...args, ...extra, address(session)], input: 'yes\n'.repeat(4), files: {} };
  },

  remmina(session, home) {
    const { user, password, domain, security, size, depth, extra } = session;
    const profile = {
      name: 'session', protocol: 'RDP', server: address(session), username: user, password: hidden(password), domain, security, colordepth: depth,
      resolution_mode: 2, resolution_width: size.width, resolution_height: size.height, ignore_tls_errors: 1, 'ignore-tls-errors': 1, cert_ignore: 1,
      viewmode: 3, scale: 0, sound: 'off', disableclipboard: 1, disable_fastpath: 0,
    };
    const preferences = {
      secret: secret.toString('base64'),
      fullscreen_toolbar_visibility: 2, toolbar_pin_down: 'false', trust_all: 1, periodic_news_permitted: 'false', periodic_usage_stats_permitted: 'false',
      periodic_rmnews_last_get: 9999999999, disable_tray_icon: 'true', prevent_snap_welcome_message: 'true',
    };
    return {
      command: 'dbus-run-session',
      args: ['--', 'remmina', '-c', `${home}/session.remmina`, ...extra],
      input: '',
      files: { 'session.remmina': ini('remmina', profile), '.config/remmina/remmina.pref': ini('remmina_pref', preferences) },
    };
  },

  krdc(session, home) {
    const { user, password, domain, security, size, extra } = session;
    const url = `rdp://${user ? `${encodeURIComponent(user)}@` : ''}${address(session)}`;
    // It has no settings for these, but hands words on to xfreerdp.
    const extraOptions = [...(security ? [`/sec:${security}`] : []), ...(domain ? [`/d:${domain}`] : []), ...extra].join(' ');
    // Without an entry for this host it asks how to show it.
    const host = { showConfigAgain: 'false', walletSupport: 'false', colorDepth: 3, resolution: 6, width: size.width, height: size.height, sound: 0, remoteFX: 'false', performance: 2, extraOptions };
    return {
      command: 'dbus-run-session',
      args: ['--', 'krdc', url],
      input: '',
      files: { '.config/kwalletrc': ini('Wallet', { Enabled: 'false', 'First Use': 'false' }), '.config/krdcrc': ini(`hostpreferences][${url}`, host), 'share/krdc/bookmarks.xml': '<!DOCTYPE xbel>\n<xbel/>\n' },
      // It then prints what xfreerdp says; and it keeps its history not in the user's folder for data, but in one of the system's.
      environment: { QT_LOGGING_RULES: 'KRDC.debug=true', XDG_DATA_DIRS: `${home}/share:/usr/share` },
      asks: { title: 'Password — KRDC', answer: password },
    };
  },
};

/** The key of Remmina's own cipher, which its settings keep where there is no keyring: 24 bytes of 3DES key and 8 of initial vector. */
const secret = Buffer.from('a viewer under test, no secret..');

/** A password as a Remmina file has it: 3DES-CBC, filled with zeros to whole blocks. */
function hidden(password: string): string {
  if (password === '') return '';
  const plain = Buffer.from(password);
  const cipher = createCipheriv('des-ede3-cbc', secret.subarray(0, 24), secret.subarray(24)).setAutoPadding(false);
  return Buffer.concat([cipher.update(Buffer.concat([plain, Buffer.alloc(8 - (plain.length % 8))])), cipher.final()]).toString('base64');
}

const ini = (section: string, values: Readonly<Record<string, string | number>>): string =>
  `[${section}]\n${Object.entries(values).map(([key, value]) => `${key}=${value}\n`).join('')}`;
