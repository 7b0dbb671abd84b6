/**
 * What routes and fields say of themselves in the OpenAPI document.
 *
 * Said when the classes are declared, written down only when somebody asks for the document: its library takes a fifth of a second to
 * load, which no start of the API should wait for.
 */
import { HttpCode } from '@nestjs/common';

export type Swagger = typeof import('@nestjs/swagger');
type Class = abstract new (...args: never[]) => object;
const descriptions: ((swagger: Swagger) => void)[] = [];

/** The decorator that `make` gives, once the library is there. */
export const described = <D extends ClassDecorator | MethodDecorator | PropertyDecorator>(make: (swagger: Swagger) => D): D =>
  ((...declared: unknown[]) => void descriptions.push((swagger) => (make(swagger) as (...declared: unknown[]) => void)(...declared))) as unknown as D;

/** Writes down all that was said since the last time. */
export function describeAll(swagger: Swagger): void {
  for (const describe of descriptions.splice(0)) describe(swagger);
}

/** The answer of a route that succeeds: its status, and its class, a list of one, or nothing. */
export const Answers =
  (status: 200 | 201 | 202 | 204, type?: Class | [Class]): MethodDecorator =>
  (target, key, descriptor) => {
    HttpCode(status)(target, key, descriptor);
    described<MethodDecorator>(({ ApiResponse }) => ApiResponse({ status, description: '', ...(type ? { type: type as never } : {}) }))(target, key, descriptor);
  };

/** An answer that no class describes. */
export const AnswersSchema = (content: (swagger: Swagger) => Record<string, object>): MethodDecorator =>
  described<MethodDecorator>((swagger) => swagger.ApiResponse({ status: 200, description: '', content: Object.fromEntries(Object.entries(content(swagger)).map(([type, schema]) => [type, { schema }])) }));

export const InPath = (name: string, description: string): MethodDecorator => described(({ ApiParam }) => ApiParam({ name, type: String, description }));

export const InQuery = (name: string, schema: { readonly type?: unknown; readonly enum?: readonly string[] }, description: string): MethodDecorator =>
  described(({ ApiQuery }) => ApiQuery({ name, required: false, description, ...(schema as object) }));

/** The heading that a controller's routes stand under. */
export const Heading = (name: string): ClassDecorator => described(({ ApiTags }) => ApiTags(name));

/** Classes that only schemas refer to. */
export const Also = (...classes: Class[]): ClassDecorator => described(({ ApiExtraModels }) => ApiExtraModels(...(classes as never[])));

/** The parameter that names a machine. */
export const MachineRef = (): MethodDecorator => InPath('ref', "the machine's name or UUID");
