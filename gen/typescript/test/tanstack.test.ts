import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetworkError, ProblemError, StatusError } from '@tenantry/client';
import { queriesOf, retry, retryDelay } from '@tenantry/client/tanstack';
import { caught, FakeServer, json, problem, storeWith } from './fake.js';

const path = { id: 'c' };

function connected() {
  const server = new FakeServer();
  const store = storeWith(server.tokens());
  return { server, store, client: server.client({ store }) };
}

test('a key names the user, the tenant, the operation and what is asked for', () => {
  const { store, client } = connected();
  const { query, infinite, key } = queriesOf(client);
  assert.deepEqual(query('getCompany', { path }).queryKey, ['tenantry', 'maya', null, 'getCompany', { path }]);
  assert.deepEqual(query('getMe').queryKey, ['tenantry', 'maya', null, 'getMe']);
  assert.deepEqual(queriesOf(client.withTenant('t')).key('getCompany'), ['tenantry', 'maya', 't', 'getCompany']);
  const pages = infinite('listCompanies', { query: { q: 'x' } }).queryKey;
  assert.notDeepEqual(pages, query('listCompanies', { query: { q: 'x' } }).queryKey); // what is cached of them is different
  assert.deepEqual(pages.slice(0, 4), key('listCompanies'));
  assert.deepEqual(key(), ['tenantry', 'maya', null]);
  store.save(null);
  assert.deepEqual(query('getHealth').queryKey, ['tenantry', null, null, 'getHealth']);
});

test('a query asks, and ends with its signal', async () => {
  const { server, client } = connected();
  const { queryFn } = queriesOf(client).query('getCompany', { path });
  const control = new AbortController();
  assert.equal((await queryFn({ signal: control.signal })).id, '/api/v1/org/companies/c');
  control.abort();
  assert.equal(((await caught(queryFn({ signal: control.signal }))) as Error).name, 'AbortError');
  assert.equal(server.sent.length, 1);
});

test('an infinite query goes from page to page with the same filters', async () => {
  const { server, client } = connected();
  server.answer = (sent) => json({ items: [], next_cursor: sent.url.searchParams.has('cursor') ? null : 'two' });
  const { queryFn, initialPageParam, getNextPageParam } = queriesOf(client).infinite('listCompanies', { query: { q: 'x' } });
  const { signal } = new AbortController();
  const next = getNextPageParam(await queryFn({ signal, pageParam: initialPageParam }));
  assert.equal(getNextPageParam(await queryFn({ signal, pageParam: next })), undefined);
  assert.deepEqual(server.sent.map((sent) => sent.url.search), ['?q=x', '?q=x&cursor=two']);
});

test('what may pass is repeated a few times, when the server says', async () => {
  const { server, client } = connected();
  const failing = async (answer: () => Response) => {
    server.answer = answer;
    return caught(client.api.getHealth());
  };
  const limited = await failing(() => problem(429, 'rate_limited', { 'Retry-After': '7' }));
  assert.ok(limited instanceof ProblemError);
  assert.deepEqual([retry(0, limited), retry(2, limited), retry(3, limited), retryDelay(0, limited)], [true, true, false, 7000]);
  const lost = new NetworkError(new TypeError('fetch failed'));
  assert.deepEqual([retry(0, lost), retryDelay(0, lost), retryDelay(2, lost)], [true, 1000, 4000]);
  assert.ok(retry(0, new StatusError(502)));
  const forGood = [new StatusError(200), new TypeError('a bug'), await failing(() => problem(404, 'not_found')), await failing(() => problem(422, 'validation_failed'))];
  assert.ok(forGood.every((error) => !retry(0, error)));
  assert.equal(retry(0, await failing(() => problem(429, 'rate_limited', { 'Retry-After': '3600' }))), false);
});
