/**
 * Fields of the API's bodies and answers: one decorator gives the check and the OpenAPI schema, so that they cannot differ.
 *
 * A field is required unless `optional`; `null` is a value of its own and only `nullable` fields take it.
 */
import { applyDecorators } from '@nestjs/common';
import type { ApiPropertyOptions } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsInt, IsObject, IsString, Matches, Max, MaxLength, Min, ValidateBy, ValidateIf, ValidateNested } from 'class-validator';
import { described } from './openapi.js';

interface Common {
  readonly optional?: boolean;
  readonly nullable?: boolean;
  /** For the OpenAPI document. */
  readonly doc?: string;
}

const field = ({ optional, nullable, doc }: Common, schema: ApiPropertyOptions, ...checks: PropertyDecorator[]): PropertyDecorator =>
  applyDecorators(
    described(({ ApiProperty }) => ApiProperty({ ...schema, required: !optional, ...(nullable ? { nullable } : {}), ...(doc ? { description: doc } : {}) } as ApiPropertyOptions)),
    ValidateIf((_, value: unknown) => !(optional && value === undefined) && !(nullable && value === null)),
    ...checks,
  );

export interface TextOptions extends Common {
  /** Longest text, in UTF-16 code units. */
  readonly max?: number;
  readonly pattern?: RegExp;
  readonly format?: string;
}

/** No control character but tab and line ends, and no half of a surrogate pair: what databases and XML can hold. */
// eslint-disable-next-line no-control-regex
const isPlain = (text: string): boolean => !/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]/.test(text) && !/\p{Surrogate}/u.test(text);

const Plain = (): PropertyDecorator => ValidateBy({ name: 'plain', validator: { validate: (value) => typeof value === 'string' && isPlain(value), defaultMessage: () => '$property must not contain control characters' } });

/** Plain text, at most 4096 code units unless `max` says otherwise. */
export const Text = ({ max = 4096, pattern, format, ...common }: TextOptions = {}): PropertyDecorator =>
  field(
    common,
    { type: 'string', ...(format ? { format } : {}), ...(pattern ? { pattern: pattern.source } : {}) },
    IsString(),
    MaxLength(max),
    Plain(),
    ...(pattern ? [Matches(pattern)] : []),
  );

/** A whole number, bounds included. */
export const Whole = ({ min = 0, max = Number.MAX_SAFE_INTEGER, ...common }: Common & { min?: number; max?: number } = {}): PropertyDecorator =>
  field(common, { type: 'integer', minimum: min, maximum: max }, IsInt(), Min(min), Max(max));

export const Flag = (options: Common = {}): PropertyDecorator => field(options, { type: 'boolean' }, IsBoolean());

/** One of a few words. */
export const OneOf = (words: readonly string[], options: Common = {}): PropertyDecorator => field(options, { type: 'string', enum: [...words] }, IsIn(words));

/** A list of one of a few words. */
export const ListOf = (words: readonly string[], { min = 0, max, ...common }: Common & { min?: number; max: number }): PropertyDecorator =>
  field(common, { type: 'array', items: { type: 'string', enum: [...words] }, minItems: min, maxItems: max }, IsArray(), ArrayMinSize(min), ArrayMaxSize(max), IsIn(words, { each: true }));

export const Texts = ({ max = 1024, ...common }: Common & { max?: number } = {}): PropertyDecorator =>
  field(common, { type: 'array', items: { type: 'string' }, maxItems: max }, IsArray(), ArrayMaxSize(max), IsString({ each: true }), MaxLength(4096, { each: true }));

export const Bytes = ({ max, ...common }: Common & { max: number }): PropertyDecorator =>
  field(
    common,
    { type: 'array', items: { type: 'integer', minimum: 0, maximum: 255 }, maxItems: max },
    IsArray(),
    ArrayMaxSize(max),
    IsInt({ each: true }),
    Min(0, { each: true }),
    Max(255, { each: true }),
  );

type Class = new () => object;

/** The schema of a class that may be declared later: swagger knows such a function by its name, `type`. */
const lazily = (declared: () => Class): { type: () => Class } => ({ type: () => declared() });

export const Nested = (type: () => Class, options: Common = {}): PropertyDecorator => field(options, lazily(type), IsObject(), ValidateNested(), Type(type));

export const NestedList = (type: () => Class, { max = 65536, ...common }: Common & { max?: number } = {}): PropertyDecorator =>
  field(common, { ...lazily(type), isArray: true }, IsArray(), ArrayMaxSize(max), ValidateNested({ each: true }), Type(type));

/** Names to texts; `nullValues`: a name may be given `null`. */
export const TextMap = ({ max = 256, nullValues = false, ...common }: Common & { max?: number; nullValues?: boolean } = {}): PropertyDecorator =>
  field(
    common,
    { type: 'object', additionalProperties: { type: 'string', ...(nullValues ? { nullable: true } : {}) } },
    ValidateBy({
      name: 'textMap',
      validator: {
        validate: (value: unknown) =>
          typeof value === 'object' &&
          value !== null &&
          !Array.isArray(value) &&
          Object.keys(value).length <= max &&
          Object.values(value).every((text) => (typeof text === 'string' && text.length <= 4096 && isPlain(text)) || (nullValues && text === null)),
        defaultMessage: () => `$property must be an object of at most ${max} texts`,
      },
    }),
  );
