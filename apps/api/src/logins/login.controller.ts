/** Logging in to the HTTP API and out again, and who is locked out of it. */
import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Lockout, Unlock, Unlocked } from '../audit/judgement.dto.js';
import { invalid } from '../http/api-error.js';
import { Answers, Heading } from '../http/openapi.js';
import { callerOf, Needs } from '../http/permission.js';
import { LoggedIn, Login } from './login.dto.js';
import { LoginService } from './login.service.js';

/** Most characters of a client's name for itself that are kept. */
const longestName = 256;

@Heading('logins')
@Controller()
export class LoginController {
  constructor(private readonly logins: LoginService) {}

  /** Judged by the library that the system property webServiceAuthLibrary names; refused while it names none. The answer's token opens what the API's own token does, until it expires. */
  @Post('login')
  @Needs('anyone')
  @Answers(200, LoggedIn)
  async logIn(@Body() { user, password, domain = '' }: Login, @Req() request: IncomingMessage, @Res({ passthrough: true }) response: ServerResponse): Promise<LoggedIn> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const origin = { address: request.socket.remoteAddress ?? 'local', clientName: (request.headers['user-agent'] ?? '').slice(0, longestName) };
    const { token, expiresAt } = await this.logins.logIn({ user, password, domain }, origin, gone.signal);
    response.setHeader('cache-control', 'no-store');
    return { token, expiresAt: new Date(expiresAt).toISOString() };
  }

  /** Ends the session whose token the request brings. */
  @Post('logout')
  @Needs('anyone')
  @Answers(204)
  logOut(@Req() request: IncomingMessage): void {
    const { session } = callerOf(request);
    if (!session) throw invalid('this request brings no token of a session: log out with the token that POST /login gave');
    session.end();
  }

  @Get('logins/lockouts')
  @Needs('logins.read')
  @Answers(200, [Lockout])
  listLoginLockouts(): Lockout[] {
    return this.logins.lockouts();
  }

  /** Forgives wrong passwords of one address or user, or of everybody. */
  @Post('logins/unlock')
  @Needs('logins.unlock')
  @Answers(200, Unlocked)
  unlockLogins(@Body() { name }: Unlock): Unlocked {
    return { lifted: this.logins.unlock(name) };
  }
}
