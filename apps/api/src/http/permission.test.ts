import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, DiscoveryModule, DiscoveryService, MetadataScanner, NestFactory } from '@nestjs/core';
import type { RequestListener } from 'node:http';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { controllers } from '../app.module.js';
import { administrator, type Caller, Needs, PermissionGuard, requirePermissions, setCaller, stranger } from './permission.js';
import { ProblemFilter } from './problem.filter.js';

@Controller()
class Declared {
  @Get('known')
  @Needs('machine.read')
  known(): string {
    return 'known';
  }

  @Get('open')
  @Needs('anyone')
  open(): string {
    return 'open';
  }
}

@Controller('more')
class Undeclared {
  @Get('forgotten')
  forgotten(): string {
    return 'forgotten';
  }
}

const moduleOf = (...list: (typeof Declared | typeof Undeclared)[]): new () => object => {
  @Module({ imports: [DiscoveryModule], controllers: list, providers: [{ provide: APP_GUARD, useClass: PermissionGuard }, { provide: APP_FILTER, useClass: ProblemFilter }] })
  class TestModule {}
  return TestModule;
};

const create = (...list: (typeof Declared | typeof Undeclared)[]) => NestFactory.create(moduleOf(...list), { logger: false });

describe('permissions', () => {
  test('a route that declares none is refused at start, by name', async () => {
    const app = await create(Declared, Undeclared);
    expect(() => requirePermissions(app.get(DiscoveryService), new MetadataScanner())).toThrow("route GET 'forgotten' (Undeclared.forgotten) declares no permission");
    await app.close();
    const complete = await create(Declared);
    expect(() => requirePermissions(complete.get(DiscoveryService), new MetadataScanner())).not.toThrow();
    await complete.close();
  });

  test('every controller of the API is looked at', () => expect(controllers).toHaveLength(15));

  test('the guard lets through what the caller may, and nothing that declares nothing', async () => {
    const app = await create(Declared, Undeclared);
    await app.init();
    const handler = app.getHttpAdapter().getInstance() as RequestListener;
    const status = async (path: string, caller?: Caller): Promise<number> => {
      const server: Server = createServer((incoming, response) => {
        if (caller) setCaller(incoming, caller);
        handler(incoming, response);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const got = await new Promise<number>((resolve) => request({ port: (server.address() as AddressInfo).port, path }, (answer) => resolve(answer.resume().statusCode!)).end());
      server.closeAllConnections();
      server.close();
      return got;
    };
    expect(await status('/known', administrator('test'))).toBe(200);
    expect(await status('/known', stranger)).toBe(403);
    expect(await status('/known')).toBe(403);
    expect(await status('/open')).toBe(200);
    expect(await status('/more/forgotten', administrator('test'))).toBe(403);
    await app.close();
  });
});
