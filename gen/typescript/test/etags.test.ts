import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '@tenantry/client';
import { caught, FakeServer, json, problem, storeWith } from './fake.js';

const one = { path: { id: 'c1' } };

/** A client, and what it sent as If-Match with each change since the last look. */
function tagging(options: { ifMatch?: boolean; baseUrl?: string } = {}) {
  const server = new FakeServer();
  const store = storeWith(server.tokens());
  const client = server.client({ store, ...options });
  let tag: string | null = null;
  let location: string | null = null;
  server.answer = (sent) => {
    if (sent.path.includes('/auth/log')) {
      return undefined;
    }
    const headers = { ...(tag && { ETag: tag }), ...(location && { Location: location }) };
    const gone = sent.method === 'DELETE' && !sent.url.searchParams.has('dry_run');
    return gone ? new Response(null, { status: 204 }) : json({}, headers);
  };
  return {
    server,
    client,
    serve: (newTag: string | null, newLocation: string | null = null) => {
      tag = newTag;
      location = newLocation;
    },
    change: async (id = 'c1', headers = {}) => {
      await client.api.updateCompany({ path: { id }, body: { name: 'x' }, headers });
      return server.sent.at(-1)?.headers.get('If-Match') ?? null;
    },
  };
}

test('a change names the version that was seen last, by reading or changing', async () => {
  const { client, serve, change, server } = tagging();
  assert.equal(await change(), null);
  serve('"1"');
  await client.api.getCompany(one);
  assert.equal(await change('c2'), null);
  serve('"2"');
  assert.equal(await change(), '"1"');
  assert.equal(await change(), '"2"');
  await client.api.getCompany(one);
  assert.equal(server.sent.at(-1)?.headers.get('If-Match'), null, 'of a read');
});

test('the caller has the last word', async () => {
  const { client, serve, change } = tagging();
  serve('"1"');
  await client.api.getCompany(one);
  assert.equal(await change('c1', { 'If-Match': '*' }), '*');
  const off = tagging({ ifMatch: false });
  off.serve('"1"');
  await off.client.api.getCompany(one);
  assert.equal(await off.change(), null);
});

test('a new resource is known by its Location, also below a path', async () => {
  for (const baseUrl of ['https://api.test/', 'https://api.test/below/it']) {
    const { client, serve, change } = tagging({ baseUrl });
    serve('"1"', '/api/v1/org/companies/c1');
    await client.api.createCompany({ body: { code: 'C', name: 'C' } });
    serve(null);
    assert.equal(await change(), '"1"', baseUrl);
  }
});

test('what is done with a resource gives it a new version', async () => {
  const { client, serve, server } = tagging();
  serve('"5"');
  await client.api.deactivateUser({ path: { id: 'u' } });
  await client.api.deleteUser({ path: { id: 'u' } });
  assert.equal(server.sent.at(-1)?.headers.get('If-Match'), '"5"');
});

test('a deletion is conditional, and forgets; asking what it would take along forgets nothing', async () => {
  const { client, serve, change, server } = tagging();
  serve('"1"');
  await client.api.getCompany(one);
  serve(null);
  await client.api.deleteCompany({ ...one, query: { dry_run: true } });
  await client.api.deleteCompany(one);
  assert.deepEqual(
    server.sent.slice(-2).map((sent) => sent.headers.get('If-Match')),
    ['"1"', '"1"'],
  );
  assert.equal(await change(), null);
});

test('a tag that a proxy made weak is sent as the strong one that it was', async () => {
  const { client, serve, change } = tagging();
  serve('W/"1"');
  await client.api.getCompany(one);
  assert.equal(await change(), '"1"');
});

test('the own profile, which is read without a tag, is changed without one', async () => {
  const { client, serve, server } = tagging();
  serve('"1"');
  await client.api.updateMe({ body: { phone: null } });
  await client.api.updateMe({ body: { phone: null } });
  assert.equal(server.sent.at(-1)?.headers.get('If-Match'), null);
});

test('after a conflict the next try fails, too, until the resource is read again', async () => {
  const { client, serve, change, server } = tagging();
  serve('"1"');
  await client.api.getCompany(one);
  const usual = server.answer;
  server.answer = (sent) => (sent.method === 'PUT' && sent.headers.get('If-Match') === '"1"' ? problem(412, 'stale_version') : usual(sent));
  for (let i = 0; i < 2; i++) {
    assert.ok(isProblem(await caught(change()), 'stale_version'));
  }
  serve('"2"');
  await client.api.getCompany(one);
  assert.equal(await change(), '"2"');
});

test('the next user starts without versions', async () => {
  const { client, serve, change } = tagging();
  serve('"1"');
  await client.api.getCompany(one);
  await client.logout();
  await client.login({ email: 'maya@example.com', password: 'secret' });
  assert.equal(await change(), null);
});
