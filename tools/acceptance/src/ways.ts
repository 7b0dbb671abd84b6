/** The ways in which real viewers connect, each with its own security for the line. Pure. */
import type { Program, Session } from '@belvedere/viewers';

export interface Way {
  /** As it would be typed, in short. */
  readonly name: string;
  readonly program: Program;
  readonly options: Pick<Session, 'security' | 'extra' | 'domain'>;
  readonly depth: 16 | 32;
  /** How the machine names what protects the line. */
  readonly line: 'RDP' | 'TLS';
  /** The password is proved before the session, or there is none: only for machines whose users all have an NT hash. */
  readonly nla?: true;
  /** It ends without a word when its login is refused. */
  readonly mute?: true;
}

const freerdp = (program: Program, name: string, security: 'rdp' | 'tls' | 'nla', ...extra: string[]): Way => ({
  name: [program, name, ...extra].join(' '),
  program,
  // Of itself it would give up after 9 s of waiting for a judgement.
  options: { security, extra: program === 'remmina' ? extra : [...extra, '/timeout:60000'] },
  depth: 32,
  line: security === 'rdp' ? 'RDP' : 'TLS',
  ...(security === 'nla' && { nla: true }),
});

export const ways: readonly Way[] = [
  ...(['40', '56', '128', 'FIPS'] as const).map((methods) => freerdp('xfreerdp', '/sec:rdp', 'rdp', `/encryption-methods:${methods}`)),
  freerdp('xfreerdp', '/sec:rdp', 'rdp'),
  freerdp('xfreerdp', '/sec:tls', 'tls'),
  freerdp('xfreerdp', '/sec:nla', 'nla'),
  { name: 'rdesktop -4', program: 'rdesktop', options: { extra: ['-4'] }, depth: 16, line: 'RDP', mute: true },
  { name: 'rdesktop -5', program: 'rdesktop', options: { extra: ['-5'] }, depth: 32, line: 'TLS' },
  ...(['rdp', 'tls', 'nla'] as const).map((security) => freerdp('remmina', security, security)),
  ...(['rdp', 'tls', 'nla'] as const).map((security) => freerdp('krdc', security, security)),
];

export const wayOf = (name: string): Way => {
  const way = ways.find((candidate) => candidate.name === name);
  if (!way) throw new Error(`there is no way '${name}': there are ${ways.map((candidate) => candidate.name).join(', ')}`);
  return way;
};
