import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { isProblem, type Tokens, type TokenStore } from '@tenantry/client';
import { caught, FakeServer, Gate, problem, settled, storeWith } from './fake.js';

const read = { path: { id: 'c' } };

/** Locks as tabs share them. */
class FakeLocks {
  readonly asked: string[] = [];
  #held = new Map<string, Promise<unknown>>();

  async request<T>(name: string, ...rest: [LockOptions, (lock: object | null) => Promise<T>]): Promise<T> {
    const [options, work] = rest;
    this.asked.push(name);
    const holder = this.#held.get(name);
    if (options.ifAvailable && holder) {
      return work(null);
    }
    if (holder) {
      const aborted = new Promise((_, reject) => options.signal?.addEventListener('abort', () => reject(options.signal?.reason)));
      await Promise.race([holder, aborted]);
    }
    const result = work({});
    const done = result.catch(() => undefined).then(() => this.#held.delete(name));
    this.#held.set(name, done);
    return result;
  }
}

let locks: FakeLocks;

beforeEach(() => {
  locks = new FakeLocks();
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { locks } });
});

afterEach(() => {
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: undefined });
});

/** A store that two tabs share, where each sees what the other saved only after a while. */
function slowStores(tokens: Tokens, visibleAfter: number): [TokenStore, TokenStore] {
  const kept: [Tokens | null, Tokens | null] = [tokens, tokens];
  const store = (own: 0 | 1): TokenStore => ({
    lock: 'app',
    load: () => kept[own],
    save: (saved) => {
      kept[own] = saved;
      setTimeout(() => {
        kept[own === 0 ? 1 : 0] = saved;
      }, visibleAfter);
    },
  });
  return [store(0), store(1)];
}

function twoTabs() {
  const server = new FakeServer();
  const [one, two] = slowStores(server.tokens(), 30).map((store) => server.client({ store }));
  server.expire();
  const gate = new Gate();
  return { server, gate, one: one as NonNullable<typeof one>, two: two as NonNullable<typeof two> };
}

test('of two tabs one refreshes, and the other takes its tokens as soon as it sees them', async () => {
  const { server, gate, one, two } = twoTabs();
  server.answer = async (sent) => {
    if (sent.path.endsWith('/auth/refresh')) {
      await gate.passed;
    }
    return undefined;
  };
  const work = Promise.all([one.api.getCompany(read), one.api.getCompany(read), two.api.getCompany(read), two.api.getCompany(read)]);
  while (locks.asked.length < 3) {
    await settled(); // the second tab asks whether it has to wait, and then does
  }
  gate.open();
  await work;
  assert.equal(server.refreshes, 1);
  assert.ok(locks.asked.every((name) => name === 'app.refresh'));
});

test('if the first tab fails, the second tries by itself', async () => {
  const { server, gate, one, two } = twoTabs();
  server.answer = async (sent) => {
    if (sent.path.endsWith('/auth/refresh') && server.to('/auth/refresh').length === 1) {
      await gate.passed;
      return problem(503, 'unavailable');
    }
    return undefined;
  };
  const first = caught(one.api.getCompany(read));
  await settled();
  const second = two.api.getCompany(read);
  while (locks.asked.length < 3) {
    await settled();
  }
  gate.open();
  assert.ok(isProblem(await first, 'unavailable'));
  assert.equal((await second).id, '/api/v1/org/companies/c');
});

test('a store that is not shared needs no lock', async () => {
  const server = new FakeServer();
  const client = server.client({ store: storeWith(server.tokens()) });
  server.expire();
  await client.api.getCompany(read);
  assert.deepEqual(locks.asked, []);
});

test('a tab that sleeps with the lock holds the others up for a few seconds only', async (t) => {
  const { server, two } = twoTabs();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  void locks.request('app.refresh', {}, () => new Promise(() => undefined));
  let over = false;
  const work = two.api.getCompany(read).finally(() => (over = true));
  let passed = 0;
  for (await settled(); !over; await settled()) {
    t.mock.timers.tick(10);
    passed += 10;
  }
  await work;
  assert.equal(server.refreshes, 1);
  assert.ok(passed <= 5000, `${passed} ms`);
});
