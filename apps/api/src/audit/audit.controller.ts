/** Who logged in, and who is locked out of remote displays. */
import { Body, Controller, Get, Param, ParseEnumPipe, ParseIntPipe, Post, Query } from '@nestjs/common';
import { Answers, Heading, InQuery, MachineRef } from '../http/openapi.js';
import { Needs } from '../http/permission.js';
import { MachineStore } from '../machines/machine.store.js';
import { ConsoleService } from '../supervisor/console.service.js';
import { Supervisor } from '../supervisor/supervisor.js';
import { type Destination, destinations, JudgementPage, Lockout, Unlock, Unlocked } from './judgement.dto.js';
import { JudgementStore } from './judgement.store.js';

const Limit = (): MethodDecorator => InQuery('limit', { type: Number }, '1 to 1000; default: 100');
const Before = (): MethodDecorator => InQuery('before', { type: String }, "the 'next' of the page before");
const To = (): MethodDecorator => InQuery('to', { enum: [...destinations] }, 'machines: logins to remote displays; api: logins to this API; default: both');
const optionalDestination = new ParseEnumPipe(Object.fromEntries(destinations.map((word) => [word, word])), { optional: true });
const optionalNumber = new ParseIntPipe({ optional: true });

@Heading('logins')
@Controller()
export class AuditController {
  constructor(
    private readonly machines: MachineStore,
    private readonly judgements: JudgementStore,
    private readonly console: ConsoleService,
    private readonly supervisor: Supervisor,
  ) {}

  @Get('judgements')
  @Needs('logins.read')
  @To()
  @Limit()
  @Before()
  @Answers(200, JudgementPage)
  async listJudgements(@Query('to', optionalDestination) to?: Destination, @Query('limit', optionalNumber) limit?: number, @Query('before') before?: string): Promise<JudgementPage> {
    if (to !== 'api') await this.supervisor.hearOut();
    return this.judgements.page({ to, limit, before });
  }

  @Get('machines/:ref/judgements')
  @Needs('logins.read')
  @MachineRef()
  @Limit()
  @Before()
  @Answers(200, JudgementPage)
  async listMachineJudgements(@Param('ref') ref: string, @Query('limit', optionalNumber) limit?: number, @Query('before') before?: string): Promise<JudgementPage> {
    const { settings } = await this.machines.find(ref);
    await this.supervisor.hearOut(settings.uuid);
    return this.judgements.page({ machine: settings.uuid, limit, before });
  }

  /** Of a machine that runs. */
  @Get('machines/:ref/vrde/lockouts')
  @Needs('logins.read')
  @MachineRef()
  @Answers(200, [Lockout])
  listLockouts(@Param('ref') ref: string): Promise<Lockout[]> {
    return this.console.lockouts(ref);
  }

  /** Forgives wrong passwords of one address or user, or of everybody. */
  @Post('machines/:ref/vrde/unlock')
  @Needs('logins.unlock')
  @MachineRef()
  @Answers(200, Unlocked)
  async unlock(@Param('ref') ref: string, @Body() { name }: Unlock): Promise<Unlocked> {
    return { lifted: await this.console.unlock(ref, name) };
  }
}
