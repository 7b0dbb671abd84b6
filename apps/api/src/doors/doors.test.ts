import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TestHome } from '../test/home.js';

describe('doors', () => {
  let home: TestHome;
  let url: string;
  beforeAll(async () => {
    home = await TestHome.make();
    url = home.api!.url;
  });
  afterAll(() => home.remove());

  const bearer = async (): Promise<{ authorization: string }> => ({ authorization: `Bearer ${await home.token()}` });

  test('TCP answers strangers nothing but health, and logins, whatever they ask for', async () => {
    expect(await home.ask('GET', '/health', { url })).toMatchObject({ status: 200, body: { status: 'ok' } });
    for (const [method, path] of [['GET', '/status'], ['GET', '/machines'], ['POST', '/shutdown'], ['GET', '/docs'], ['GET', '/docs/openapi.json'], ['GET', '/events'], ['POST', '/health'], ['GET', '/health?x'], ['GET', '/nowhere']] as const) {
      const answer = await home.ask(method, path, { url });
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.body).toMatchObject({ code: 'E_ACCESSDENIED' });
    }
  });

  test('TCP answers whoever brings the token', async () => {
    expect(await home.ask('GET', '/status', { url, headers: await bearer() })).toMatchObject({ status: 200, body: { url, home: home.folder } });
    for (const authorization of ['Bearer', 'Bearer x', `Basic ${await home.token()}`, `Bearer ${(await home.token()).slice(1)}`, `Bearer ${await home.token()}0`]) {
      expect((await home.ask('GET', '/status', { url, headers: { authorization } })).status).toBe(401);
    }
  });

  test('a page of another origin, and a name that is not ours, are refused with the token too', async () => {
    const port = new URL(url).port;
    const foreign: Record<string, string>[] = [{ host: 'evil.example' }, { host: `evil.example:${port}` }, { host: '127.0.0.1:1' }, { origin: 'http://evil.example' }, { origin: 'null' }, { origin: `https://127.0.0.1:${port}` }];
    for (const headers of foreign) {
      expect((await home.ask('GET', '/status', { url, headers: { ...(await bearer()), ...headers } })).status).toBe(403);
      expect((await home.ask('GET', '/health', { url, headers })).status).toBe(403);
    }
    expect((await home.ask('GET', '/status', { url, headers: { ...(await bearer()), host: `localhost:${port}`, origin: `http://localhost:${port}` } })).status).toBe(200);
  });

  test('TCP is on loopback, and says to browsers what they need not do', async () => {
    expect(new URL(url).hostname).toBe('127.0.0.1');
    const { headers } = await home.ask('GET', '/health', { url });
    expect(headers['content-security-policy']).toContain("default-src 'self'");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-powered-by']).toBeUndefined();
  });

  test('socket and token are private, and the token is new at each start', async () => {
    const before = await home.token();
    for (const name of ['api.sock', 'api.token']) expect((await stat(join(home.folder, 'run', name))).mode & 0o777).toBe(0o600);
    expect((await stat(join(home.folder, 'run'))).mode & 0o777).toBe(0o700);
    await home.stop();
    await expect(stat(home.socket)).rejects.toThrow('ENOENT');
    await home.start();
    url = home.api!.url;
    expect(await home.token()).not.toBe(before);
    expect(await home.token()).toMatch(/^[0-9a-f]{64}$/);
    expect((await home.ask('GET', '/status', { url, headers: { authorization: `Bearer ${before}` } })).status).toBe(401);
  });

  test('the documentation page and its document are there', async () => {
    const page = await home.ask<Buffer>('GET', '/docs');
    expect(page.body.toString()).toContain('/docs/start.js');
    for (const file of ['/docs/start.js', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js']) expect((await home.ask('GET', file)).status).toBe(200);
    const document = await home.get('GET', '/docs/openapi.json');
    expect(document.paths['/machines/{ref}/start'].post.operationId).toBe('startMachine');
    expect((await home.ask('GET', '/docs/../package.json')).status).toBe(404);
  });

  test('nonsense is refused: unknown routes, broken JSON, too much of it, unknown fields', async () => {
    expect(await home.ask('GET', '/nowhere')).toMatchObject({ status: 404, body: { code: 'VBOX_E_OBJECT_NOT_FOUND' } });
    expect((await home.ask('POST', '/machines', { body: { name: 'x'.repeat(2 << 20), register: true } })).status).toBe(413);
    expect(await home.ask('POST', '/machines', { body: { name: 'x', register: true, colour: 'red' } })).toMatchObject({ status: 400, body: { code: 'E_INVALIDARG', message: 'property colour should not exist, but is "red"' } });
    expect((await home.ask('POST', '/machines', { body: { name: 'x' } })).body.message).toContain('register');
    expect(await home.get('GET', '/machines')).toEqual([]);
  });
});
