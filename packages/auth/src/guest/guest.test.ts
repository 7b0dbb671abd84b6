import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { chooseAuthenticator } from '../index.js';
import { describeAuthenticator, hurried, logon, ManualClock, never } from '../testing.js';
import { GuestAgentAccounts } from './accounts.js';
import { FakeAgent, unixChkpwd } from './fake-agent.testing.js';
import { FrameReader } from './frames.js';

const PASSWORD = 'gästpass';

function guest(program: FakeAgent['program'] = unixChkpwd('john', PASSWORD)) {
  const agent = new FakeAgent();
  agent.program = program;
  const clock = new ManualClock();
  const accounts = new GuestAgentAccounts(agent, 20_000, clock);
  return { agent, clock, ask: (user: string, password: string, signal = never()) => accounts.judge(logon({ user, password }), signal) };
}

describeAuthenticator('type guest', () => {
  const agent = new FakeAgent();
  agent.program = unixChkpwd('john', PASSWORD);
  return { authenticator: chooseAuthenticator({ type: 'guest', guestChannel: agent, limiter: hurried() }), user: 'john', password: PASSWORD };
});

describe('a Linux guest', () => {
  test('is asked by unix_chkpwd, the password and a zero byte on its input', async () => {
    const { agent, ask } = guest();
    expect(await ask('john', PASSWORD)).toEqual({ judgement: 'granted', reason: 'the guest knows the password' });
    expect(agent.runs).toEqual([
      { path: '/usr/sbin/unix_chkpwd', args: ['john', 'nonull'], input: `${PASSWORD}\0` },
      { path: '/usr/sbin/unix_chkpwd', args: ['john', 'chkexpiry'], input: '' },
    ]);
    expect(await ask('john', 'wrong')).toEqual({ judgement: 'denied', reason: 'wrong password, or the account is locked' });
    expect(await ask('ann', PASSWORD)).toEqual({ judgement: 'denied', reason: 'unknown user' });
  });

  test.each([
    [13, 'denied', 'the account has expired'],
    [12, 'denied', 'the password has expired and must be changed'],
    [27, 'denied', 'the password has expired and must be changed'],
    [4, 'noJudgement', 'unix_chkpwd chkexpiry ended with code 4'],
  ])('whose account is past its time (code %d) does not grant', async (code, judgement, reason) => {
    expect(await guest(unixChkpwd('john', PASSWORD, code)).ask('john', PASSWORD)).toEqual({ judgement, reason });
  });

  test('may have it elsewhere, or not at all, or an agent that may run nothing', async () => {
    expect((await guest(unixChkpwd('john', PASSWORD, 0, '/usr/bin/unix_chkpwd')).ask('john', PASSWORD)).judgement).toBe('granted');
    expect(await guest(() => undefined).ask('john', PASSWORD)).toEqual({ judgement: 'noJudgement', reason: 'the guest has no unix_chkpwd' });
    const { agent, ask } = guest();
    agent.os = undefined;
    expect((await ask('john', PASSWORD)).judgement).toBe('granted');
    expect(await guest(() => 4).ask('john', PASSWORD)).toEqual({ judgement: 'noJudgement', reason: 'unix_chkpwd ended with code 4' });
  });

  test.each(['-rf', 'john\nroot', 'a:b', '../x', ''])('is not asked about %j', async (user) => {
    const { agent, ask } = guest(() => 0);
    expect((await ask(user, PASSWORD)).judgement).toBe('noJudgement');
    expect(agent.heard).toBe('');
  });

  test('that takes its time is asked again until it has an answer', async () => {
    const { agent, clock, ask } = guest();
    agent.polls = 3;
    const verdict = ask('john', PASSWORD);
    for (const wait of [25, 50, 100, 25, 50, 100]) {
      await clock.timer(wait);
      clock.advance(wait);
    }
    expect((await verdict).judgement).toBe('granted');
  });
});

describe('a Windows guest', () => {
  test('is asked by PowerShell, the secrets on its input alone', async () => {
    const { agent, ask } = guest(({ path }) => (path === 'powershell.exe' ? 0 : undefined));
    agent.os = 'mswindows';
    expect((await ask('john', PASSWORD)).judgement).toBe('granted');
    const [{ args, input }] = agent.runs;
    expect(input.split('\r\n').map((text) => Buffer.from(text, 'base64').toString())).toEqual(['john', '.', PASSWORD, '']);
    expect(Buffer.from(args[3], 'base64').toString('utf16le')).toContain('LogonUser($user, $domain, $password, 3, 0');
  });

  test.each([
    [1326, 'denied', 'wrong user name or password (code 1326)'],
    [1909, 'denied', 'the account is locked (code 1909)'],
    [1, 'noJudgement', 'PowerShell ended with code 1'],
  ])('refuses with code %d', async (code, judgement, reason) => {
    const { agent, ask } = guest(() => code);
    agent.os = 'mswindows';
    expect(await ask('john', PASSWORD)).toEqual({ judgement, reason });
  });
});

describe('a guest that is not there, or not itself', () => {
  test('has not reacted when its time is over, and was told no password', async () => {
    const { agent, clock, ask } = guest();
    agent.deaf = true;
    const verdict = ask('john', PASSWORD);
    await clock.timer(20_000);
    clock.advance(20_000);
    expect(await verdict).toEqual({ judgement: 'notReacted', reason: 'the guest did not answer within 20 s: does qemu-ga run in it?' });
    expect(agent.heard).toMatch(/^\{"execute":"guest-sync-delimited","arguments":\{"id":\d+\}\}\n$/);
    agent.deaf = false;
    expect((await ask('john', PASSWORD)).judgement).toBe('granted');
  });

  test('a terminal that echoes what it hears is no agent', async () => {
    const { agent, clock, ask } = guest();
    agent.deaf = true;
    const write = agent.write.bind(agent);
    agent.write = (bytes) => {
      write(bytes);
      agent.send(bytes);
    };
    const verdict = ask('john', PASSWORD);
    await clock.timer(20_000);
    clock.advance(20_000);
    expect((await verdict).judgement).toBe('notReacted');
    expect(agent.heard).not.toContain('guest-exec');
  });

  test('a port that cannot be written to', async () => {
    const { agent, ask } = guest();
    agent.write = () => {
      throw new RangeError('closed');
    };
    expect(await ask('john', PASSWORD)).toEqual({ judgement: 'notReacted', reason: 'the channel to the guest failed with RangeError' });
  });

  test('an agent that refuses commands', async () => {
    const { agent, ask } = guest();
    const write = agent.write.bind(agent);
    agent.write = (bytes) => {
      if (!Buffer.from(bytes).includes('"guest-exec"')) return write(bytes);
      return agent.send(Buffer.from('{"error": {"class": "CommandNotFound", "desc": "Command guest-exec has been disabled"}}\n'));
    };
    expect(await ask('john', PASSWORD)).toEqual({ judgement: 'noJudgement', reason: "the guest's agent refuses: Command guest-exec has been disabled" });
  });

  test('a client that leaves frees the line for the next', async () => {
    const { agent, clock, ask } = guest();
    agent.deaf = true;
    const client = new AbortController();
    const first = ask('john', PASSWORD, client.signal);
    await clock.timer(20_000);
    const second = ask('john', PASSWORD);
    agent.deaf = false;
    client.abort();
    await expect(first).rejects.toThrow('the client has gone');
    expect((await second).judgement).toBe('granted');
  });

  test('noise between answers, in pieces of any size, changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 50 }), fc.constantFrom(PASSWORD, 'wrong'), async (noise, piece, password) => {
        const { agent, ask } = guest();
        // Noise ends its own line: bytes in the middle of an answer would be another answer.
        agent.noise = Buffer.concat([noise, Buffer.from('\n')]);
        agent.piece = piece;
        expect((await ask('john', password)).judgement).toBe(password === PASSWORD ? 'granted' : 'denied');
      }),
      { numRuns: 50 },
    );
  });
});

describe('frames', () => {
  test('garbage yields nothing, at any length, and the next line is read again', () => {
    const reader = new FrameReader();
    expect(reader.read(Buffer.from('{"return": 1'))).toEqual([]);
    expect(reader.read(Buffer.concat([Buffer.of(0xff), Buffer.from('{"return": 2}\n')]))).toEqual([{ value: { return: 2 }, delimited: true }]);
    for (let mebibyte = 0; mebibyte < 4; mebibyte++) expect(reader.read(Buffer.alloc(1 << 20, '{'))).toEqual([]);
    expect(reader.read(Buffer.from('}\n{"return": 3}\n'))).toEqual([{ value: { return: 3 }, delimited: false }]);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => void new FrameReader().read(bytes)));
  });
});

const missing =
  process.platform !== 'linux' ? 'this is not Linux' : process.getuid?.() !== 0 ? 'only root can make accounts' : spawnSync('qemu-ga', ['--version']).error ? 'there is no qemu-ga (Debian: qemu-guest-agent)' : '';
if (missing) console.warn(`the tests with a real guest agent are skipped: ${missing}`);

(missing ? describe.skip : describe)("QEMU's own guest agent, this host being the guest", () => {
  let folder: string;
  let agent: ChildProcess;
  let socket: Socket;
  const user = `bvg${process.pid}`;
  const run = (command: string, args: string[], input = ''): void => {
    const { status, stderr } = spawnSync(command, args, { input, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };

  beforeAll(async () => {
    run('useradd', ['--no-create-home', '--no-user-group', user]);
    run('chpasswd', [], `${user}:${PASSWORD}\n`);
    folder = await mkdtemp(join(tmpdir(), 'belvedere-auth-'));
    const path = join(folder, 'agent');
    agent = spawn('qemu-ga', ['--method', 'unix-listen', '--path', path, '--statedir', folder, '--verbose'], { stdio: ['ignore', 'pipe', 'pipe'] });
    // It says nothing when it listens; the socket is there then.
    for (;;) {
      socket = connect(path);
      const connected = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
      if (connected) break;
      if (agent.exitCode !== null) throw new Error(`qemu-ga ended with code ${agent.exitCode}`);
      await new Promise(setImmediate);
    }
  }, 30_000);
  afterAll(async () => {
    socket.destroy();
    agent.kill();
    await once(agent, 'exit');
    await rm(folder, { recursive: true });
    run('userdel', [user]);
  });

  test('right, wrong, unknown, locked, expired', async () => {
    const guestChannel = {
      write: (bytes: Uint8Array) => void socket.write(bytes),
      onData: (listener: (bytes: Uint8Array) => void) => {
        socket.on('data', listener);
        return () => void socket.off('data', listener);
      },
    };
    const authenticator = chooseAuthenticator({ type: 'guest', guestChannel, limiter: hurried() });
    const judge = async (name: string, password: string) => {
      const judgement = await authenticator.judge(logon({ user: name, password }), never());
      return judgement.granted ? 'granted' : judgement.reason;
    };
    expect(await judge(user, PASSWORD)).toBe('granted');
    expect(await judge(user, 'wrong')).toBe('wrong password, or the account is locked');
    expect(await judge(`${user}x`, PASSWORD)).toBe('unknown user');
    run('chage', ['--expiredate', '0', user]);
    expect(await judge(user, PASSWORD)).toBe('the account has expired');
    run('chage', ['--expiredate', '-1', user]);
    run('usermod', ['--lock', user]);
    expect(await judge(user, PASSWORD)).toBe('wrong password, or the account is locked');
    run('passwd', ['--delete', user]);
    expect(await judge(user, PASSWORD)).toBe('wrong password, or the account is locked');
  }, 60_000);
});
