/**
 * Permissions: each route declares the one it needs; nothing is permitted until that declaration and the caller's own permissions agree.
 *
 * A route without a declaration is refused when the API starts, and by the guard should it ever be reached.
 */
import { type CanActivate, type ExecutionContext, Injectable, RequestMethod, SetMetadata, type Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.js';

export const permissions = [
  'anyone',
  'status.read',
  'system.change',
  'system.shutdown',
  'machine.read',
  'machine.create',
  'machine.change',
  'machine.delete',
  'machine.run',
  'machine.input',
  'machine.screen',
  'logins.read',
  'logins.unlock',
  'media.read',
  'media.change',
  'jobs.read',
  'jobs.cancel',
] as const;
export type Permission = (typeof permissions)[number];

/** Who asks, and what the door let them do. */
export interface Caller {
  readonly name: string;
  readonly permissions: ReadonlySet<Permission>;
  /** Of one who has logged in. */
  readonly session?: {
    /** Aborts when the session ends: what still goes on for the caller ends with it. */
    readonly ended: AbortSignal;
    end(): void;
  };
}

/** Whoever may open the API's own socket, knows the bearer token, or has logged in. */
export const administrator = (name: string): Caller => ({ name, permissions: new Set(permissions) });
export const stranger: Caller = { name: 'stranger', permissions: new Set(['anyone']) };

const callers = new WeakMap<IncomingMessage, Caller>();

/** The door's word about a request; a request of which no door spoke is a stranger's. */
export const setCaller = (request: IncomingMessage, caller: Caller): void => void callers.set(request, caller);
export const callerOf = (request: IncomingMessage): Caller => callers.get(request) ?? stranger;

const KEY = 'belvedere:permission';

/** What a caller needs for this route. */
export const Needs = (permission: Permission): MethodDecorator => SetMetadata(KEY, permission);

@Injectable()
export class PermissionGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const needed = this.reflector.get<Permission | undefined>(KEY, context.getHandler());
    if (!needed) throw new ApiError('E_ACCESSDENIED', 'this route declares no permission, so nobody may use it');
    const caller = callerOf(context.switchToHttp().getRequest<IncomingMessage>());
    if (!caller.permissions.has(needed)) throw new ApiError('E_ACCESSDENIED', `'${caller.name}' has no permission '${needed}'`);
    return true;
  }
}

/** @throws for the first route of any controller that declares no permission: called before a door opens */
export function requirePermissions(discovery: DiscoveryService, scanner: MetadataScanner): void {
  for (const { metatype } of discovery.getControllers()) {
    const prototype = (metatype as Type).prototype as Record<string, object>;
    for (const name of scanner.getAllMethodNames(prototype)) {
      const handler = prototype[name] as object;
      const path = Reflect.getMetadata(PATH_METADATA, handler) as string | undefined;
      if (path === undefined) continue;
      const permission = Reflect.getMetadata(KEY, handler) as Permission | undefined;
      const verb = RequestMethod[Reflect.getMetadata('method', handler) as RequestMethod];
      if (!permission) throw new Error(`route ${verb} '${path}' (${(metatype as Type).name}.${name}) declares no permission: add @Needs(...)`);
    }
  }
}
