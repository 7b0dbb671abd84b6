/** The OpenAPI document, and a page to read and try it, under /docs. Nothing of it is made before somebody asks. */
import type { INestApplication } from '@nestjs/common';
import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream';
import { problemOf, sendProblem } from '../http/problem.filter.js';
import { textOf } from '../http/api-error.js';
import { openApiDocument } from './document.js';

const html = 'text/html; charset=utf-8';
const script = 'text/javascript; charset=utf-8';

const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Belvedere API</title><link rel="stylesheet" href="/docs/swagger-ui.css"><link rel="icon" href="/docs/favicon-32x32.png"></head>
<body><div id="ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`;

const start = "SwaggerUIBundle({ url: '/docs/openapi.json', dom_id: '#ui', deepLinking: true });\n";

/** Files of the page's library, by name. */
const assets: Readonly<Record<string, string>> = { '/swagger-ui.css': 'text/css; charset=utf-8', '/swagger-ui-bundle.js': script, '/favicon-32x32.png': 'image/png' };

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Answers below the path where it is mounted; anything else is left to who comes next. */
export function docs(app: INestApplication): Handler {
  let document: Promise<string> | undefined;
  const made = (): Promise<string> => (document ??= openApiDocument(app).then((value) => JSON.stringify(value)));

  return (request, response, next) => {
    const path = (request.url ?? '/').split('?')[0]!;
    const send = (type: string, body: string): void => void response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
    if (request.method !== 'GET') next();
    else if (path === '/') send(html, page);
    else if (path === '/start.js') send(script, start);
    else if (path === '/openapi.json') made().then((body) => send('application/json; charset=utf-8', body), (error: unknown) => sendProblem(response, 500, problemOf('E_FAIL', `no document could be made: ${textOf(error)}`)));
    else if (Object.hasOwn(assets, path)) sendAsset(response, path, assets[path]!);
    else next();
  };
}

function sendAsset(response: ServerResponse, path: string, type: string): void {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  response.writeHead(200, { 'content-type': type });
  pipeline(createReadStream(join(folder, path)), response, () => undefined);
}
