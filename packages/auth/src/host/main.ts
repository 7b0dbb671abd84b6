/**
 * The program of a process that holds one authentication library. Started by `HostProcess`; everything it learns of logins comes over its IPC channel.
 *
 * Whatever the library does to this process, the parent sees it end and refuses the login.
 */
import type { HostCall, HostedLibrary, HostReply, HostTarget } from './messages.js';

async function load(target: HostTarget): Promise<HostedLibrary> {
  switch (target.kind) {
    case 'pam':
      return (await import('./pam.js')).pamLibrary(target.service);
    case 'windows':
      return (await import('./windows.js')).windowsLibrary();
    case 'macos':
      return (await import('./macos.js')).macosLibrary();
    case 'module':
      return (await import('./module.js')).moduleLibrary(target.path, target.caller);
    case 'native':
      return (await import('./native.js')).nativeLibrary(target.path, target.caller);
  }
}

const say = (reply: HostReply): void => void process.send?.(reply);

async function answer(library: HostedLibrary, call: HostCall): Promise<HostReply> {
  try {
    if (call.call === 'authenticate') return { say: 'answer', answer: await library.authenticate(call.attempt, call.guest) };
    await library.sessionEnded?.(call.session);
    return { say: 'ended' };
  } catch (error) {
    return { say: 'threw', error: error instanceof Error ? error.constructor.name : typeof error };
  }
}

// The parent has gone: nobody is left to be answered.
process.on('disconnect', () => process.exit());

try {
  const library = await load(JSON.parse(process.argv[2]) as HostTarget);
  process.on('message', (call: HostCall) => void answer(library, call).then(say));
  say({ say: 'loaded' });
} catch (error) {
  say({ say: 'unloadable', problem: error instanceof Error ? error.message : String(error) });
}
