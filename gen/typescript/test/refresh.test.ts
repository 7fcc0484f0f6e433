import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type Company, type ErrorCode, isProblem, NetworkError } from '@tenantry/client';
import { caught, FakeServer, Gate, json, problem, settled, storeWith } from './fake.js';

const read = { path: { id: 'c' } };

function expired() {
  const server = new FakeServer();
  const store = storeWith(server.tokens());
  const first = server.tokens();
  server.expire();
  return { server, store, first };
}

test('ten requests with an expired token refresh once, and all succeed', async () => {
  const { server, store } = expired();
  const client = server.client({ store });
  const answers = await Promise.all(Array.from({ length: 10 }, () => client.api.getCompany(read)));
  assert.equal(answers.length, 10);
  assert.equal(server.refreshes, 1);
  assert.equal(server.to('/companies/c').length, 20);
  assert.deepEqual(store.load(), server.tokens());
});

test('a request is sent again as it was', async () => {
  const { server, store } = expired();
  await server.client({ store }).api.updateCompany({ ...read, body: { name: 'North' }, ifMatch: 7 });
  const [one, two] = server.to('/companies/c');
  assert.deepEqual([one?.token, two?.token], ['Bearer access-1', 'Bearer access-2']);
  for (const sent of [one, two]) {
    assert.equal(sent?.body, '{"name":"North"}');
    assert.equal(sent?.headers.get('If-Match'), '"7"');
  }
});

test('a token that was replaced while the request was under way is not refreshed again', async () => {
  const { server, store } = expired();
  const late = new Gate();
  server.answer = async (sent) => {
    if (sent.path.endsWith('/late') && sent.token === 'Bearer access-1') {
      await late.passed;
    }
    return undefined;
  };
  const [one, two] = [server.client({ store }), server.client({ store })];
  const waiting = two.api.getCompany({ path: { id: 'late' } });
  await one.api.getCompany(read);
  late.open();
  await waiting;
  assert.equal(server.refreshes, 1);
});

test('two tabs without locks refresh once each at most, and keep what was saved first', async () => {
  const { server, store } = expired();
  const [first, second] = [new Gate(), new Gate()];
  server.answer = async (sent) => {
    if (sent.path.endsWith('/auth/refresh')) {
      await (server.to('/auth/refresh').length === 1 ? first : second).passed;
    }
    return undefined;
  };
  const work = [server.client({ store }), server.client({ store })].map((tab) => tab.api.getCompany(read));
  await settled();
  assert.equal(server.to('/auth/refresh').length, 2);
  second.open();
  await work[1];
  const kept = store.load();
  store.save({ ...server.tokens(), access_token: 'access-2', refresh_token: 'refresh-3' }); // meanwhile, the second tab went on
  first.open();
  await Promise.all(work);
  assert.deepEqual(kept, server.tokens());
  assert.equal(store.load()?.refresh_token, 'refresh-3');
  assert.equal(server.refreshes, 2);
});

for (const code of ['unauthenticated', 'invalid_token', 'session_ended', 'invalid_credentials'] satisfies ErrorCode[]) {
  test(`a 401 ${code} is no reason to refresh`, async () => {
    const server = new FakeServer();
    const store = storeWith(server.tokens());
    server.answer = () => problem(401, code);
    const error = await caught(server.client({ store }).api.getCompany(read));
    assert.ok(isProblem(error, code));
    assert.equal(server.sent.length, 1);
    const over = code === 'invalid_token' || code === 'session_ended';
    assert.equal(store.load() === null, over, 'whether the tokens were forgotten');
  });
}

test('a token that is expired as soon as it is new is thrown, not refreshed for ever', async () => {
  const { server, store } = expired();
  server.answer = (sent) => (sent.path.endsWith('/companies/c') ? problem(401, 'token_expired') : undefined);
  const error = await caught(server.client({ store }).api.getCompany(read));
  assert.ok(isProblem(error, 'token_expired'));
  assert.equal(server.refreshes, 1);
  assert.deepEqual(store.load(), server.tokens());
});

test('a refused refresh ends the session, and all who wait are told', async () => {
  const { server, store } = expired();
  server.answer = (sent) => (sent.path.endsWith('/auth/refresh') ? problem(401, 'refresh_reused') : undefined);
  const client = server.client({ store });
  const told: unknown[] = [];
  client.onUserChange((userId) => told.push(userId));
  const errors = await Promise.all([1, 2, 3].map(() => caught(client.api.getCompany(read))));
  assert.ok(errors.every((error) => isProblem(error, 'refresh_reused')));
  assert.equal(server.to('/auth/refresh').length, 1);
  assert.equal(store.load(), null);
  assert.deepEqual(told, [null]);
});

test('a refresh that fails otherwise keeps the tokens for the next try', async () => {
  const { server, store, first } = expired();
  const client = server.client({ store });
  server.answer = (sent) => {
    if (sent.path.endsWith('/auth/refresh')) {
      throw new TypeError('fetch failed');
    }
    return undefined;
  };
  assert.ok((await caught(client.api.getCompany(read))) instanceof NetworkError);
  server.answer = (sent) => (sent.path.endsWith('/auth/refresh') ? problem(503, 'unavailable') : undefined);
  assert.ok(isProblem(await caught(client.api.getCompany(read)), 'unavailable'));
  assert.deepEqual(store.load(), first);
  server.answer = () => undefined;
  const company: Company = await client.api.getCompany(read);
  assert.equal(company.id, '/api/v1/org/companies/c');
});

test('a request of one user is not repeated as another', async () => {
  const { server, store } = expired();
  const tokens = { ...server.tokens(), user_id: 'tom' };
  server.answer = (sent) => {
    if (sent.path.endsWith('/companies/c')) {
      store.save(tokens); // another tab
    }
    return undefined;
  };
  const error = await caught(server.client({ store }).api.deleteCompany(read));
  assert.ok(isProblem(error, 'token_expired'));
  assert.equal(server.sent.length, 1);
  assert.deepEqual(store.load(), tokens);
});

test('an aborted request does not wait for the refresh, which goes on for the others', async () => {
  const { server, store } = expired();
  const gate = new Gate();
  server.answer = async (sent) => {
    if (sent.path.endsWith('/auth/refresh')) {
      await gate.passed;
    }
    return undefined;
  };
  const client = server.client({ store });
  const control = new AbortController();
  const aborted = client.api.getCompany({ ...read, signal: control.signal });
  const other = client.api.getCompany(read);
  await settled();
  control.abort();
  assert.equal(((await caught(aborted)) as Error).name, 'AbortError');
  gate.open();
  assert.equal((await other).id, '/api/v1/org/companies/c');
  assert.equal(server.refreshes, 1);
});

test('no token goes where none is asked for, nor in place of one that the caller sends, nor into an address', async () => {
  const server = new FakeServer();
  const client = server.client({ store: storeWith(server.tokens()) });
  server.answer = () => problem(401, 'token_expired');
  await caught(client.login({ email: 'maya@example.com', password: 'secret' }));
  await caught(client.api.resetPassword({ body: { token: 't', new_password: 'p' } }));
  await caught(client.api.getMe({ headers: { Authorization: 'Bearer mine' } }));
  await caught(client.api.getMe());
  assert.deepEqual(
    server.sent.map((sent) => sent.token),
    [null, null, 'Bearer mine', 'Bearer access-1', null],
  );
  assert.ok(server.sent.every((sent) => sent.url.search === ''));
});

test('who comes while older tokens are refreshed gets newer ones than their own', async () => {
  const { server, store } = expired();
  const gate = new Gate();
  server.answer = async (sent) => {
    if (sent.body.includes('refresh-1')) {
      await gate.passed;
    }
    return undefined;
  };
  const client = server.client({ store });
  const first = caught(client.api.getCompany(read));
  await settled();
  store.save(server.tokens()); // another tab, a while ago
  server.expire();
  const second = client.api.getCompany(read);
  await settled();
  gate.open();
  await second;
  assert.ok(isProblem(await first, 'token_expired'));
  assert.deepEqual(store.load(), server.tokens());
});

/** A client whose refreshes hang, except for those that the test answers; and the milliseconds that have passed. */
function hanging(t: TestContext, answer: (nth: number) => Response | undefined) {
  const { server, store, first } = expired();
  server.answer = (sent) => {
    if (!sent.path.endsWith('/auth/refresh')) {
      return undefined;
    }
    const reply = answer(server.to('/auth/refresh').length);
    return reply ?? new Promise((_, reject) => sent.signal.addEventListener('abort', () => reject(sent.signal.reason), { once: true }));
  };
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let passed = 0;
  const during = async <T>(work: Promise<T>): Promise<T> => {
    let over = false;
    const done = work.finally(() => (over = true));
    done.catch(() => undefined);
    for (await settled(); !over; await settled()) {
      t.mock.timers.tick(10);
      passed += 10;
    }
    return done;
  };
  return { server, store, first, during, passed: () => passed };
}

test('a lost answer is asked for again with the same token, well within ten seconds', async (t) => {
  const { server, store, during, passed } = hanging(t, (nth) => (nth === 1 ? undefined : json(server.tokens())));
  const company = await during(server.client({ store }).api.getCompany(read));
  assert.equal(company.id, '/api/v1/org/companies/c');
  assert.deepEqual(
    server.to('/auth/refresh').map((sent) => sent.body),
    ['{"refresh_token":"refresh-1"}', '{"refresh_token":"refresh-1"}'],
  );
  assert.deepEqual(store.load(), server.tokens());
  assert.ok(passed() < 8000, `${passed()} ms`);
});

test('a refresh that hangs each time counts as no answer, and logs nobody out', async (t) => {
  const { server, store, first, during, passed } = hanging(t, () => undefined);
  assert.ok((await caught(during(server.client({ store }).api.getCompany(read)))) instanceof NetworkError);
  assert.equal(server.to('/auth/refresh').length, 2);
  assert.deepEqual(store.load(), first);
  assert.ok(passed() < 10_000, `${passed()} ms`);
});

test('a tab that wakes from sleep does not send again a token that others have used since', async (t) => {
  const { server, store, during } = hanging(t, () => undefined);
  const work = server.client({ store }).api.getCompany(read);
  await settled();
  setTimeout(() => store.save(server.tokens()), 3500); // another tab's, seen a moment after this one woke
  await during(work);
  assert.equal(server.to('/auth/refresh').length, 1);
  assert.deepEqual(store.load(), server.tokens());
});

test('a refresh is not taken as refused if another tab has been faster', async () => {
  const { server, store } = expired();
  server.answer = (sent) => {
    if (sent.path.endsWith('/auth/refresh')) {
      store.save(server.tokens());
      return problem(401, 'refresh_reused');
    }
    return undefined;
  };
  await server.client({ store }).api.getCompany(read);
  assert.deepEqual(store.load(), server.tokens());
});
