/** The OpenAPI document of the whole API. */
import type { INestApplication } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { version } from '../home/version.js';
import { describeAll } from '../http/openapi.js';
import { Problem } from '../http/problem.dto.js';

const description =
  'Virtual machines without a screen, shown to any RDP client. The unix socket in BELVEDERE_HOME/run answers whoever may open it; ' +
  'the TCP door needs the bearer token beside it, or one that POST /login gave. A machine is named by its name or its UUID everywhere.';

export async function openApiDocument(app: INestApplication): Promise<OpenAPIObject> {
  const swagger = await import('@nestjs/swagger');
  describeAll(swagger);
  const config = new swagger.DocumentBuilder()
    .setTitle('Belvedere')
    .setDescription(description)
    .setVersion(version)
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .addGlobalResponse({ status: 'default' as never, description: 'what is wrong and what to do', type: Problem })
    .build();
  return swagger.SwaggerModule.createDocument(app, config, { operationIdFactory: (_controller, method) => method });
}
