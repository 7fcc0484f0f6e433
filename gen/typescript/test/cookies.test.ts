import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieStore } from '@tenantry/client';
import { FakeServer } from './fake.js';

const tokens = new FakeServer().tokens();

/** What a browser sends back of a Set-Cookie. */
function sentBack(header: string): string {
  return header.split(';', 1)[0] as string;
}

test('the cookie keeps the tokens, and scripts, other sites and other folders have no way to it', () => {
  const set: string[] = [];
  const store = cookieStore({ cookie: null, setCookie: (value) => set.push(value) });
  assert.equal(store.load(), null);
  store.save(tokens);
  assert.deepEqual(store.load(), tokens);
  const [header = ''] = set;
  assert.match(header, /^__Host-tenantry=[\w%.-]+; Path=\/; Max-Age=604800; HttpOnly; Secure; SameSite=Lax$/);
  const next = cookieStore({ cookie: `theme=dark; ${sentBack(header)}; a=b`, setCookie: (value) => set.push(value) });
  assert.deepEqual(next.load(), tokens);
  next.save(null);
  assert.equal(next.load(), null);
  assert.match(set[1] ?? '', /^__Host-tenantry=; Path=\/; Max-Age=0; /);
});

test('another cookie, or one that somebody made up, is no log-in', () => {
  for (const cookie of ['', 'tenantry', '__Host-tenantry=', '__Host-tenantry=%', '__Host-tenantry=%7B', '__Host-tenantry=7', 'x__Host-tenantry=a', undefined]) {
    assert.equal(cookieStore({ cookie, setCookie: () => assert.fail() }).load(), null, cookie);
  }
});
