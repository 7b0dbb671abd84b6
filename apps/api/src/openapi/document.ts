/** The OpenAPI document of the whole API. */
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { Problem } from '../http/problem.dto.js';
import { version } from '../home/version.js';

export function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Belvedere')
    .setDescription(
      'Virtual machines without a screen, shown to any RDP client. The unix socket in BELVEDERE_HOME/run answers whoever may open it; the TCP door needs the bearer token beside it. A machine is named by its name or its UUID everywhere.',
    )
    .setVersion(version)
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .addGlobalResponse({ status: 'default' as never, description: 'what is wrong and what to do', type: Problem })
    .build();
  return SwaggerModule.createDocument(app, config, { operationIdFactory: (_controller, method) => method });
}
