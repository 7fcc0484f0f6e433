import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem, NetworkError } from '@tenantry/client';
import { caught, FakeServer, json, problem, settled, storeWith } from './fake.js';

const one = { path: { id: 'c' } };

function connected(options = {}) {
  const server = new FakeServer();
  const store = storeWith(server.tokens());
  return { server, store, client: server.client({ store, ...options }) };
}

test('functions do without the object that they are taken from', async () => {
  const { server, client } = connected();
  const { login, logout, all, remove, fetch, withTenant, onUserChange, api } = client;
  const { getCompany } = api;
  onUserChange(() => undefined)();
  assert.equal((await login({ email: 'maya@example.com', password: 'secret' })).id, 'maya');
  assert.equal((await getCompany(one)).id, '/api/v1/org/companies/c');
  assert.equal((await fetch('/api/v1/auth/me')).status, 200);
  await remove('deleteCompany', one);
  await withTenant('t').api.getCompany(one);
  server.answer = () => json({ items: [], next_cursor: null });
  assert.equal((await all('listCompanies').next()).done, true);
  server.answer = () => undefined;
  await logout();
});

test('a client with a tenant acts in it, unless the query names another, in the same session', async () => {
  const { server, store, client } = connected();
  const other = client.withTenant('t1');
  assert.deepEqual([client.tenantId, other.tenantId], [null, 't1']);
  await other.api.getCompany(one);
  await other.api.getCompany({ ...one, query: { tenant_id: 't2' } });
  await other.withTenant('t3').api.getCompany(one);
  await other.api.getMe(); // belongs to no tenant
  await client.api.getCompany(one);
  server.answer = (sent) => (sent.path.endsWith('/companies') ? json({ items: [], next_cursor: null }) : undefined);
  await other.all('listCompanies').next();
  assert.deepEqual(
    server.sent.map((sent) => sent.url.searchParams.get('tenant_id')),
    ['t1', 't2', 't3', null, null, 't1'],
  );
  await other.logout();
  assert.equal(store.load(), null);
  assert.equal(client.userId, null);
});

test('switching to another tenant replaces the session, and tells who is logged in', async () => {
  const { server, store, client } = connected();
  const seen: (string | null)[] = [];
  client.onUserChange((id) => seen.push(id));
  server.answer = (sent) =>
    sent.path.endsWith('/auth/switch') && sent.token === 'Bearer access-2' ? json({ ...server.tokens(7), user: { id: 'maya there' }, memberships: [] }) : undefined;
  server.expire(); // the token is renewed first
  assert.equal((await client.switchTenant('t1')).id, 'maya there');
  assert.deepEqual(server.to('/auth/switch').map((sent) => [sent.token, sent.body]).at(-1), ['Bearer access-2', '{"tenant_id":"t1"}']);
  assert.deepEqual(store.load(), { access_token: 'access-7', refresh_token: 'refresh-7', user_id: 'maya there' });
  await settled();
  assert.deepEqual(seen, ['maya there']);
});

test('headers of the client go with every request, and those of a call come before them', async () => {
  const { server, client } = connected({ headers: { 'User-Agent': 'Firefox', 'X-Forwarded-For': '192.0.2.7' } });
  server.expire();
  await client.api.getMe();
  await client.login({ email: 'maya@example.com', password: 'secret' }, { headers: { 'X-Forwarded-For': '192.0.2.8' } });
  await client.fetch('/api/v1/auth/me');
  await client.logout();
  const seen = server.sent.map((sent) => [sent.path.split('/').at(-1), sent.headers.get('User-Agent'), sent.headers.get('X-Forwarded-For')?.at(-1)]);
  assert.deepEqual(seen, [
    ['me', 'Firefox', '7'],
    ['refresh', 'Firefox', '7'],
    ['me', 'Firefox', '7'],
    ['login', 'Firefox', '8'],
    ['me', 'Firefox', '7'],
    ['logout', 'Firefox', '7'],
  ]);
});

test('fetch sends any request with the token, renews it, and hands the reply on as it is', async () => {
  const { server, client } = connected();
  server.expire();
  const created = await client.fetch('/api/v1/org/companies?dry=1', { method: 'POST', body: '{"code":"C"}', headers: { 'Content-Type': 'application/json' } });
  assert.equal(created.status, 201);
  const sent = server.to('/companies');
  assert.deepEqual(sent.map((request) => [request.token, request.body, request.url.search]), [
    ['Bearer access-1', '{"code":"C"}', '?dry=1'],
    ['Bearer access-2', '{"code":"C"}', '?dry=1'],
  ]);
  server.answer = () => problem(404, 'not_found');
  const missing = await client.fetch(new Request('https://api.test/api/v1/nothing'));
  assert.equal(((await missing.json()) as { code: string }).code, 'not_found');
  server.answer = () => Promise.reject(new TypeError('fetch failed'));
  assert.ok((await caught(client.fetch('/api/v1/auth/me'))) instanceof NetworkError);
});

test('fetch sends the token to no other server', async () => {
  for (const baseUrl of ['https://api.test', 'https://api.test/below']) {
    const { server, client } = connected({ baseUrl });
    const others = ['https://other.test/api', 'https://api.test.other.test/', 'http://api.test/', new URL('https://api.test:8443/'), new Request('https://other.test/')];
    for (const other of baseUrl.endsWith('below') ? [...others, 'https://api.test/beside', '/../beside'] : others) {
      const error = await caught(client.fetch(other));
      assert.ok(error instanceof RangeError, `${other instanceof Request ? other.url : other}`);
    }
    assert.equal(server.sent.length, 0);
  }
});

test('remove goes on while something is left, and compares the version once', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { server, client } = connected();
  const left = { companies: 1, branches: 1, departments: 1, users_detached: 0 };
  const answers = [() => json(left, { 'Retry-After': '2' }, 202), () => problem(503, 'busy', { 'Retry-After': '1' }), () => json(left, {}, 202)];
  server.answer = () => answers.shift()?.();
  let over = false;
  const work = client.remove('deleteCompany', { ...one, ifMatch: 3 }).finally(() => (over = true));
  let seconds = 0;
  for (await settled(); !over; await settled()) {
    t.mock.timers.tick(1000);
    seconds++;
  }
  await work;
  assert.deepEqual(server.sent.map((sent) => sent.headers.get('If-Match')), ['"3"', null, null, null]);
  assert.equal(seconds, 2 + 1 + 1);
  server.answer = () => problem(412, 'stale_version');
  assert.ok(isProblem(await caught(client.remove('deleteCompany', { ...one, ifMatch: 3 })), 'stale_version'));
});
