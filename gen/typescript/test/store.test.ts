import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browserStore } from '@tenantry/client';
import { FakeServer, settled } from './fake.js';

// Before there is one.
const withoutStorage = browserStore();

/** What a browser has, as far as the store uses it. */
const browser = Object.assign(globalThis, {
  localStorage: new (class {
    readonly items = new Map<string, string>();
    getItem = (key: string) => this.items.get(key) ?? null;
    setItem = (key: string, value: string) => this.items.set(key, value);
    removeItem = (key: string) => this.items.delete(key);
  })(),
  events: new EventTarget(),
  addEventListener: (type: string, listener: (event: Event) => void) => browser.events.addEventListener(type, listener),
});

function changedByAnotherTab(key: string | null): void {
  browser.events.dispatchEvent(Object.assign(new Event('storage'), { key }));
}

test('the browser store keeps what it is given, and nothing else counts as tokens', () => {
  const store = browserStore('app');
  assert.equal(store.load(), null);
  const tokens = new FakeServer().tokens();
  store.save(tokens);
  assert.deepEqual(browserStore('app').load(), tokens);
  assert.equal(browserStore('other').load(), null);
  for (const text of ['', '{', 'null', '7', '{}', '{"access_token":"a","refresh_token":"","user_id":"u"}', '{"access_token":1,"refresh_token":"r","user_id":"u"}']) {
    browser.localStorage.setItem('app', text);
    assert.equal(store.load(), null, text);
  }
  store.save(null);
  assert.equal(browser.localStorage.items.size, 0);
});

test('a tab hears what another one does, once', async () => {
  const client = new FakeServer().client({ store: browserStore() });
  const told: unknown[] = [];
  client.onUserChange((userId) => told.push(userId));
  browserStore().save(new FakeServer().tokens(1));
  changedByAnotherTab('tenantry');
  browserStore().save(new FakeServer().tokens(2)); // a refresh changes no user
  changedByAnotherTab('tenantry');
  browserStore().save(null);
  changedByAnotherTab('something else');
  await settled();
  assert.deepEqual(told, ['maya']);
  changedByAnotherTab(null);
  await settled();
  assert.deepEqual(told, ['maya', null]);
});

test('without a storage, or where it is forbidden, tokens are kept in memory', () => {
  const storage = browser.localStorage;
  Object.defineProperty(browser, 'localStorage', {
    configurable: true,
    get: () => {
      throw new Error('SecurityError');
    },
  });
  const forbidden = browserStore();
  Object.defineProperty(browser, 'localStorage', { configurable: true, value: storage });
  const tokens = new FakeServer().tokens();
  for (const store of [withoutStorage, forbidden]) {
    store.save(tokens);
    assert.deepEqual(store.load(), tokens);
    assert.equal(store.lock, undefined);
  }
  assert.equal(storage.items.size, 0);
});
