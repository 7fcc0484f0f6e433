import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem, NetworkError } from '@tenantry/client';
import { caught, FakeServer, Gate, problem, settled, storeWith } from './fake.js';

test('log-in keeps the tokens, log-out ends the session and forgets them, and listeners hear of both', async () => {
  const server = new FakeServer();
  const client = server.client();
  const told: unknown[] = [];
  const stop = client.onUserChange((userId) => told.push(userId));
  const user = await client.login({ email: 'maya@example.com', password: 'secret' });
  assert.deepEqual([user.id, client.userId], ['maya', 'maya']);
  await client.logout();
  assert.equal(client.userId, null);
  const [sent] = server.to('/auth/logout');
  assert.deepEqual([sent?.token, sent?.body], ['Bearer access-1', '{"scope":"current"}']);
  await client.logout();
  assert.equal(server.to('/auth/logout').length, 1);
  await settled();
  assert.deepEqual(told, ['maya', null]);
  stop();
  await client.login({ email: 'maya@example.com', password: 'secret' });
  await settled();
  assert.equal(told.length, 2);
});

test('log-out forgets the tokens before the server answers, and though it is away', async () => {
  const server = new FakeServer();
  const store = storeWith(server.tokens());
  let during: unknown = 'nothing';
  server.answer = () => {
    during = store.load();
    throw new TypeError('fetch failed');
  };
  const error = await caught(server.client({ store }).logout());
  assert.ok(error instanceof NetworkError);
  assert.equal(during, null);
  assert.equal(store.load(), null);
});

test('log-out with an expired token refreshes to be able to, and keeps nothing', async () => {
  const server = new FakeServer();
  const store = storeWith(server.tokens());
  server.expire();
  await server.client({ store }).logout('all');
  assert.deepEqual(
    server.to('/auth/logout').map((sent) => [sent.token, sent.body]),
    [
      ['Bearer access-1', '{"scope":"all"}'],
      ['Bearer access-2', '{"scope":"all"}'],
    ],
  );
  assert.equal(store.load(), null);
});

test('log-out of a session that is over already succeeds', async () => {
  const server = new FakeServer();
  for (const path of ['/auth/logout', '/auth/refresh']) {
    const store = storeWith(server.tokens());
    server.expire();
    server.answer = (sent) => (sent.path.endsWith(path) ? problem(401, 'session_ended') : undefined);
    await server.client({ store }).logout();
    assert.equal(store.load(), null);
  }
});

test('log-out of the others keeps this session', async () => {
  const server = new FakeServer();
  const store = storeWith(server.tokens());
  server.expire();
  await server.client({ store }).logout('others');
  assert.deepEqual(store.load(), server.tokens());
});

test('who logs out while a refresh is under way stays logged out', async () => {
  const server = new FakeServer();
  const store = storeWith(server.tokens());
  server.expire();
  const gate = new Gate();
  server.answer = async (sent) => {
    if (sent.path.endsWith('/auth/refresh') && server.to('/auth/refresh').length === 1) {
      await gate.passed;
    }
    return undefined;
  };
  const client = server.client({ store });
  const reading = client.api.getCompany({ path: { id: 'c' } });
  await settled();
  await client.logout();
  gate.open();
  assert.ok(isProblem(await caught(reading), 'token_expired'));
  assert.equal(store.load(), null);
});

test('a session that ended is forgotten only while its token is the current one', async () => {
  const server = new FakeServer();
  const store = storeWith(server.tokens(1));
  server.answer = () => {
    store.save(server.tokens(2)); // another tab logged in again
    return problem(401, 'session_ended');
  };
  await caught(server.client({ store }).api.getMe());
  assert.deepEqual(store.load(), server.tokens(2));
});
