/** What scanners see of a machine's remote display for each `Security/Method`: nmap's scripts, and sslscan where it is installed. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { Home } from './home.js';
import { startTestCard } from './machines.js';

const installed = (program: string): Promise<boolean> => new Promise((resolve) => execFile(program, ['--version'], (error) => resolve(error === null)));
const [nmap, sslscan] = [await installed('nmap'), await installed('sslscan')];
for (const [program, there] of [['nmap', nmap], ['sslscan', sslscan]] as const) {
  if (!there) process.stderr.write(`skipped: what ${program} sees: ${program} needs Debian's package ${program}\n`);
}
const nt = '$nt$878d8014606cda29677a44efa1353fc7';

describe('what scanners see', () => {
  let home: Home;
  let port: number;
  beforeAll(async () => {
    home = new Home();
    port = await startTestCard(home, 'scanned', '--vrde-auth-type external --vrde-auth-library VBoxAuthSimple');
  }, 120_000);
  afterAll(() => home.close(), 60_000);

  /** A script's lines, without what varies. */
  const scan = async (script: string): Promise<string[]> => {
    const printed = await home.type(`nmap -Pn -n --script "+${script}" -p ${port} 127.0.0.1`);
    return printed.split('\n').filter((line) => /^\|/.test(line)).map((line) => line.replace(/^\|[ _]*/, '').trim());
  };
  const property = (value: string): Promise<string> => home.type(`VBoxManage controlvm scanned vrdeproperty Security/${value}`);
  const method = (value: string): Promise<string> => property(`Method=${value}`);
  const tls = (): Promise<string> => home.type(`sslscan --rdp --no-colour 127.0.0.1:${port}`);
  const versionsIn = (printed: string): string[] => [...printed.matchAll(/^((?:SSL|TLS)v[0-9.]+) +enabled$/gm)].map(([, version]) => version);

  describe.each([
    // nmap counts CredSSP wherever TLS is offered, so that its line says no more than the next one.
    ['Negotiate', ['CredSSP (NLA): SUCCESS', 'Native RDP: SUCCESS', 'SSL: SUCCESS'], true],
    ['rdp', ['Native RDP: SUCCESS'], true],
    ['TLS', ['CredSSP (NLA): SUCCESS', 'SSL: SUCCESS'], false],
  ] as const)('Security/Method %s', (value, layers, ciphers) => {
    (nmap ? test : test.skip)('offers just what it should', async () => {
      await method(value);
      const lines = await scan('rdp-enum-encryption');
      const layer = lines.filter((line) => /: (SUCCESS|FAILED)$/.test(line) && /^(CredSSP|Native|SSL|RDSTLS)/.test(line));
      expect(layer).toEqual(layers);
      const rc4 = ['40-bit RC4: SUCCESS', '56-bit RC4: SUCCESS', '128-bit RC4: SUCCESS', 'FIPS 140-1: SUCCESS'];
      expect(lines.filter((line) => /^(\d+-bit RC4|FIPS 140-1)/.test(line))).toEqual(ciphers ? rc4 : []);
    }, 120_000);
  });

  (nmap ? test : test.skip)('Network Level Authentication is answered where every user has an NT hash, and nowhere else', async () => {
    await method('Negotiate');
    expect(await scan('rdp-ntlm-info')).toEqual([]);
    await home.type(`VBoxManage setextradata scanned "VBoxAuthSimple/users/john" '${nt}'`);
    expect(await scan('rdp-ntlm-info')).toEqual(expect.arrayContaining(['Target_Name: SCANNED', 'DNS_Computer_Name: scanned']));
    await home.type('VBoxManage setextradata scanned "VBoxAuthSimple/users/john"');
    expect(await scan('rdp-ntlm-info')).toEqual([]);
  }, 120_000);

  (sslscan ? test : test.skip)('TLS is as new and as strong as it should be', async () => {
    await method('TLS');
    const printed = await tls();
    expect(versionsIn(printed)).toEqual(['TLSv1.2', 'TLSv1.3']);
    const suites = [...printed.matchAll(/^(?:Preferred|Accepted) +(TLSv\S+) +\d+ bits +(\S+)/gm)].map(([, version, suite]) => `${version} ${suite}`);
    expect(suites.length).toBeGreaterThanOrEqual(8);
    for (const suite of suites) expect(suite).toMatch(/^(TLSv1\.3 TLS_|TLSv1\.2 (ECDHE|DHE)-RSA-(AES(128|256)-GCM-|CHACHA20-POLY1305))/);
    expect(printed).toMatch(/^Session renegotiation not supported$/m);
    await property('TLSMinVersion=1.0');
    expect(versionsIn(await tls())).toEqual(['TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']);
    await property('TLSMinVersion=1.3');
    expect(versionsIn(await tls())).toEqual(['TLSv1.3']);
    await property('TLSMinVersion=');
    expect(versionsIn(await tls())).toEqual(['TLSv1.2', 'TLSv1.3']);
  }, 240_000);

  test('a method that there is not is refused when it is set, and changes nothing', async () => {
    await method('TLS');
    for (const value of ['SSL', 'negotiate2', 'RDP,TLS']) {
      const { code, stderr } = await home.attempt(`VBoxManage controlvm scanned vrdeproperty Security/Method=${value}`);
      expect([code, stderr]).toEqual([1, expect.stringContaining(`'${value}' is none of Negotiate, RDP, TLS`)]);
      const modified = await home.attempt(`VBoxManage modifyvm scanned --vrde-property Security/Method=${value}`);
      expect(modified.code).toBe(1);
    }
    expect(await home.type('VBoxManage showvminfo scanned --machinereadable')).toMatch(/Security\/Method.*TLS/);
    const { code, stderr } = await home.attempt('VBoxManage controlvm scanned vrdeproperty Security/TLSMinVersion=1.4');
    expect([code, stderr]).toEqual([1, expect.stringContaining("'1.4' is none of 1.0, 1.1, 1.2, 1.3")]);
  }, 60_000);
});
