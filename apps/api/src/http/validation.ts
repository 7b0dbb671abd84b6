/** Bodies are checked against their classes before a route sees them: what is not declared is refused. */
import { ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { invalid } from './api-error.js';

export const validation = (): ValidationPipe =>
  new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true, stopAtFirstError: true, exceptionFactory: (errors) => invalid(describe(errors, '')) });

function describe(errors: readonly ValidationError[], place: string): string {
  return errors
    .map(({ property, constraints, children, value }) => {
      const inner = Array.isArray(children) && children.length ? describe(children, `${place}${property}.`) : '';
      const own = Object.values(constraints ?? {}).map((text) => `${place}${text}${isShown(property, value) ? `, but is ${JSON.stringify(value)}` : ''}`);
      return [...own, inner].filter(Boolean).join('; ');
    })
    .join('; ');
}

/** Short plain values are repeated in the message, secrets never. */
const isShown = (property: string, value: unknown): boolean =>
  property !== 'password' && ((typeof value === 'string' && value.length <= 80) || typeof value === 'number' || typeof value === 'boolean' || value === null);
