import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type AuditEntry, type Company, isProblem, type ItemOf, type ListName, type OperationName, type OptionsOf, type OwnSession } from '@tenantry/client';
import { caught, FakeServer, json, problem, settled, storeWith } from './fake.js';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

type QueryOf<Name extends OperationName> = NonNullable<OptionsOf<Name>> extends { query?: infer Query } ? NonNullable<Query> : never;
type TakesCursor<Name extends OperationName> = [QueryOf<Name>] extends [never] ? never : 'cursor' extends keyof QueryOf<Name> ? Name : never;

// It doesn't compile unless the lists that have pages are the operations that take a cursor, with the right items.
const names: Same<ListName, { [Name in OperationName]: TakesCursor<Name> }[OperationName]> = true;
type Some = 'listAuditLogs' | 'listCompanies' | 'listMySessions';
const items: Same<{ [Name in Some]: ItemOf<Name> }, { listAuditLogs: AuditEntry; listCompanies: Company; listMySessions: OwnSession }> = true;

function paged() {
  const server = new FakeServer();
  server.answer = (sent) => {
    const start = Number(sent.url.searchParams.get('cursor') ?? 0);
    return json({ items: [start, start + 1].map((n) => ({ id: `c${n}` })), next_cursor: start < 4 ? `${start + 2}` : null });
  };
  return { server, client: server.client({ store: storeWith(server.tokens()) }) };
}

test('all goes through every page in turn, with the same filters', async () => {
  assert.ok(names && items);
  const { server, client } = paged();
  const ids: string[] = [];
  for await (const company of client.all('listCompanies', { query: { sort: 'name', q: 'north & south' } })) {
    ids.push(company.id);
  }
  assert.deepEqual(ids, ['c0', 'c1', 'c2', 'c3', 'c4', 'c5']);
  assert.deepEqual(
    server.sent.map((sent) => sent.url.searchParams.toString()),
    ['', '&cursor=2', '&cursor=4'].map((rest) => `limit=100&sort=name&q=north+%26+south${rest}`),
  );
});

test('all asks for no more than is used, from where and as much as it is told', async () => {
  const { server, client } = paged();
  for await (const user of client.all('listUsers', { query: { limit: 2, cursor: '2' } })) {
    assert.equal(user.id, 'c2');
    break;
  }
  assert.deepEqual(server.sent.map((sent) => sent.url.search), ['?limit=2&cursor=2']);
});

test('all ends with the error of a page, and with the signal', async () => {
  const { client } = paged();
  const control = new AbortController();
  const seen: string[] = [];
  const error = await caught(
    (async () => {
      for await (const branch of client.all('listBranches', { signal: control.signal })) {
        seen.push(branch.id);
        control.abort();
      }
    })(),
  );
  assert.deepEqual(seen, ['c0', 'c1']);
  assert.equal((error as Error).name, 'AbortError');
});

/** Takes all items of a list whose pages are put off as often as the test says, and counts the seconds that pass. */
async function takeAll(t: TestContext, putOff: number, retryAfter: string | undefined, signal?: AbortSignal) {
  const { server, client } = paged();
  const usual = server.answer;
  let left = putOff;
  server.answer = (sent) => {
    const later = sent.url.searchParams.get('cursor') === '2' && left-- > 0;
    return later ? problem(left % 2 ? 429 : 503, left % 2 ? 'rate_limited' : 'busy', retryAfter ? { 'Retry-After': retryAfter } : {}) : usual(sent);
  };
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let over = false;
  const ids: string[] = [];
  const work = (async () => {
    for await (const company of client.all('listCompanies', signal ? { signal } : {})) {
      ids.push(company.id);
    }
  })().then(() => undefined, (error: unknown) => error).finally(() => (over = true));
  let seconds = 0;
  for (await settled(); !over; await settled()) {
    t.mock.timers.tick(1000);
    seconds++;
  }
  return { ids, seconds, error: await work, requests: server.sent.length };
}

test('all waits as long as the server says, and misses and repeats nothing', async (t) => {
  const { ids, seconds, error } = await takeAll(t, 3, '7');
  assert.equal(error, undefined);
  assert.deepEqual(ids, ['c0', 'c1', 'c2', 'c3', 'c4', 'c5']);
  assert.equal(seconds, 3 * 7);
});

test('all does not wait for ever', async (t) => {
  const often = await takeAll(t, 100, undefined);
  assert.ok(isProblem(often.error));
  assert.deepEqual([often.ids.length, often.seconds], [2, 5]);
  t.mock.timers.reset();
  const long = await takeAll(t, 1, '3600');
  assert.ok(isProblem(long.error) && long.error.retryAfter === 3600);
  assert.equal(long.seconds, 0);
});

test('all does not begin to wait if its signal has ended it', async () => {
  const { server, client } = paged();
  const control = new AbortController();
  server.answer = () => {
    control.abort();
    return problem(429, 'rate_limited', { 'Retry-After': '60' });
  };
  assert.equal(((await caught(client.all('listCompanies', { signal: control.signal }).next())) as Error).name, 'AbortError');
});

test('all ends while it waits if its signal says so', async (t) => {
  const control = new AbortController();
  const reason = new Error('the page was left');
  const work = takeAll(t, 1, '60', control.signal);
  setTimeout(() => control.abort(reason), 2500);
  const { error, seconds } = await work;
  assert.equal(error, reason);
  assert.equal(seconds, 3);
});
