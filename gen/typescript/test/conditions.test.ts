import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type IfMatch, isProblem } from '@tenantry/client';
import { caught, FakeServer, json, problem, storeWith } from './fake.js';

const one = { path: { id: 'c1' } };
const body = { name: 'x' };

function connected() {
  const server = new FakeServer();
  const client = server.client({ store: storeWith(server.tokens()) });
  return { server, client, sent: () => server.sent.at(-1)?.headers.get('If-Match') ?? null };
}

test('a change is meant for the version that the caller gives, in whatever form', async () => {
  const { client, sent } = connected();
  const cases: [IfMatch, string][] = [
    [{ version: 3 }, '"3"'],
    [3, '"3"'],
    ['3', '"3"'],
    ['"3.tenant"', '"3.tenant"'],
    ['W/"3"', '"3"'], // as a proxy that compresses makes it
    ['*', '*'],
  ];
  for (const [ifMatch, want] of cases) {
    await client.api.updateCompany({ ...one, body, ifMatch });
    assert.equal(sent(), want, JSON.stringify(ifMatch));
  }
});

test('nothing that was read, created or changed is remembered', async () => {
  const { server, client, sent } = connected();
  server.answer = (asked) => json({ id: 'c1', version: 4 }, { ETag: '"4"', Location: '/api/v1/org/companies/c1' }, asked.method === 'POST' ? 201 : 200);
  await client.api.createCompany({ body: { code: 'C', name: 'C' } });
  await client.api.getCompany(one);
  await client.api.updateCompany({ ...one, body, ifMatch: 3 });
  assert.equal(sent(), '"3"');
  await client.api.updateCompany({ ...one, body });
  assert.equal(sent(), null);
});

test('a row of a list is changed and deleted with its own version', async () => {
  const { server, client, sent } = connected();
  server.answer = (asked) => {
    if (asked.path.endsWith('/companies')) {
      return json({ items: [{ id: 'c1', version: 2 }], next_cursor: null });
    }
    return asked.headers.get('If-Match') === '"2"' ? undefined : problem(412, 'stale_version');
  };
  const [row] = (await client.api.listCompanies()).items;
  assert.ok(row);
  await client.api.updateCompany({ ...one, body, ifMatch: row });
  await client.remove('deleteCompany', { ...one, ifMatch: row });
  assert.equal(sent(), '"2"');
  assert.ok(isProblem(await caught(client.api.updateCompany({ ...one, body, ifMatch: 1 })), 'stale_version'));
});

test('what is no version is refused, and never becomes a change without a condition', async () => {
  const { server, client } = connected();
  for (const ifMatch of [undefined, null, '', {}, { version: undefined }, 1.5, Number.NaN, 'three', '"3", "4"'] as never[]) {
    assert.ok((await caught(client.api.updateCompany({ ...one, body, ifMatch }))) instanceof RangeError, JSON.stringify(ifMatch));
    assert.ok((await caught(client.remove('deleteCompany', { ...one, ifMatch }))) instanceof RangeError, JSON.stringify(ifMatch));
  }
  assert.equal(server.sent.length, 0);
});

test('an id that would lead to another address is refused', async () => {
  const { server, client } = connected();
  for (const id of ['', '.', '..', undefined, null, 7] as never[]) {
    assert.ok((await caught(client.api.deleteCompany({ path: { id } }))) instanceof RangeError, String(id));
  }
  assert.equal(server.sent.length, 0);
  await client.api.getCompany({ path: { id: '../a b?c' } });
  assert.equal(server.sent[0]?.path, '/api/v1/org/companies/..%2Fa%20b%3Fc');
});
