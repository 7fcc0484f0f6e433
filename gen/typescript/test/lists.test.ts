import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntry, Branch, Company, Department, ItemOf, ListName, OwnSession, Session, Tenant, User } from '@tenantry/client';
import { caught, FakeServer, json, storeWith } from './fake.js';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

// It doesn't compile unless these are all lists that have pages, with the right items.
const names: Same<ListName, 'listAuditLogs' | 'listBranches' | 'listCompanies' | 'listDepartments' | 'listMySessions' | 'listTenants' | 'listUsers' | 'listUserSessions'> = true;
const items: Same<{ [Name in ListName]: ItemOf<Name> }, {
  listAuditLogs: AuditEntry; listBranches: Branch; listCompanies: Company; listDepartments: Department; listMySessions: OwnSession; listTenants: Tenant; listUsers: User;
  listUserSessions: Session;
}> = true;

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
