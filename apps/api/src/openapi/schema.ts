/** The client's types, made from the OpenAPI document. */
import { NestFactory } from '@nestjs/core';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { AppModule } from '../app.module.js';
import { openApiDocument } from './document.js';

/** The text of `packages/client/src/schema.ts` as this API's code says it must be. Nothing is started for it. */
export async function clientSchema(): Promise<string> {
  const app = await NestFactory.create(AppModule.with(undefined as never, undefined as never), { preview: true, logger: false, abortOnError: false });
  const document = await openApiDocument(app);
  return `/** Made from the API's OpenAPI document by \`pnpm --filter @belvedere/api run openapi\`: change the API, not this file. */\n${astToString(await openapiTS(document as unknown as OpenAPI3))}`;
}

/** Where the committed schema is, seen from this file in dist. */
export const schemaFile = new URL('../../../../packages/client/src/schema.ts', import.meta.url);
