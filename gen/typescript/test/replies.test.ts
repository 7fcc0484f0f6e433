import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetworkError, StatusError } from '@tenantry/client';
import { operations } from '../dist/generated/operations.gen.js';
import { caught, FakeServer, json, problem, storeWith } from './fake.js';

function replying(answer: () => Response) {
  const server = new FakeServer();
  server.answer = answer;
  return server.client({ store: storeWith(server.tokens()) });
}

type AnyApi = Record<string, (options: object) => Promise<unknown>>;

const html = { 'Content-Type': 'text/html; charset=utf-8' };
const redirected = (reply: Response) => Object.defineProperty(reply, 'redirected', { value: true });
const redirect = () => new Response(null, { status: 302, headers: { Location: 'https://login.test/' } });

/** Replies that no operation with JSON has. */
const foreign: Record<string, () => Response> = {
  'a page': () => new Response('<!doctype html><title>Sign in</title>', { headers: html }),
  'JSON that says it is a page': () => json({ id: 'x' }, html),
  'no Content-Type': () => new Response(new TextEncoder().encode('{"id":"x"}')),
  'plain text': () => new Response('{"id":"x"}', { headers: { 'Content-Type': 'text/plain' } }),
  'an array': () => json([]),
  null: () => json(null),
  'a string': () => json('ok'),
  nothing: () => new Response('', { headers: { 'Content-Type': 'application/json' } }),
  'no JSON': () => new Response('ok', { headers: { 'Content-Type': 'application/json' } }),
  'another status': () => json({ id: 'x' }, {}, 207),
  'a redirect': redirect,
  'what a redirect led to': () => redirected(json({ id: 'x', items: [], next_cursor: null })),
  'a problem with a status of success': () => json({ code: 'x' }, { 'Content-Type': 'application/problem+json' }),
  'a problem of another status': () => json({ code: 'x', status: 500 }, { 'Content-Type': 'application/problem+json' }, 404),
  'a problem whose errors are no objects': () => problem(422, 'validation_failed', {}, { errors: [null] }),
  'a problem whose errors are no list': () => problem(422, 'validation_failed', {}, { errors: 'none' }),
};

test('no operation resolves to a reply that it does not have, or throws what is not a TenantryError', async () => {
  const options = { path: { id: 'i', name: 'n', code: 'c' }, query: { confirm_code: 'c' } };
  const withJSON = Object.entries(operations).filter(([, { replies }]) => Object.values(replies).every(([type]) => type === undefined || type === 'application/json'));
  for (const [name, answer] of Object.entries(foreign)) {
    const api = replying(answer).api as unknown as AnyApi;
    for (const operation of withJSON.map(([id]) => id).filter((id) => id in api)) {
      const error = await caught(api[operation]!(options));
      assert.ok(error instanceof StatusError, `${operation} with ${name}: ${error}`);
      assert.ok(error.message.includes(`status ${error.status}`));
    }
  }
});

test('a redirect is not followed', async () => {
  const server = new FakeServer();
  await server.client({ store: storeWith(server.tokens()), fetch: (request) => (assert.equal(request.redirect, 'manual'), server.fetch(request)) }).api.getMe();
  assert.equal(server.sent.length, 1);
});

test('what is not JSON comes as text, of the type that the operation has', async () => {
  const markdown = () => new Response('# Errors\n', { headers: { 'Content-Type': 'text/markdown; charset=utf-8' } });
  assert.equal(await replying(markdown).api.listErrorCodes(), '# Errors\n');
  const page = () => new Response('<p>', { headers: html });
  assert.ok((await caught(replying(page).api.listErrorCodes())) instanceof StatusError);
  assert.ok((await caught(replying(page).api.exportAuditLogs())) instanceof StatusError);
});

test('a log-in and a refresh without tokens are no replies of the API, and leave the session as it is', async () => {
  const server = new FakeServer();
  const store = storeWith(server.tokens());
  const client = server.client({ store });
  server.answer = () => json({ access_token: 'a', user: {} });
  assert.ok((await caught(client.login({ email: 'maya@example.com', password: 'secret' }))) instanceof StatusError);
  server.answer = (sent) => (sent.path.endsWith('/auth/refresh') ? json({}) : undefined);
  server.expire();
  assert.ok((await caught(client.api.getMe())) instanceof StatusError);
  assert.deepEqual(store.load(), server.tokens(1));
});

test('a list without items is no list', async () => {
  for (const body of [{}, { items: {} }, { items: [], next_cursor: 7 }, { items: [] }]) {
    const client = replying(() => json(body));
    assert.ok((await caught(client.api.listCompanies())) instanceof StatusError);
    assert.ok((await caught(client.all('listCompanies').next())) instanceof StatusError);
  }
});

test('an operation with one status of success resolves to its body, and to undefined where there is none', async () => {
  assert.deepEqual(await replying(() => json({ keys: [] }, { 'Content-Type': 'application/json; charset=utf-8' })).api.getKeySet(), { keys: [] });
  assert.equal(await replying(() => new Response(null, { status: 204 })).api.deleteUser({ path: { id: 'u' } }), undefined);
});

test('an operation with several resolves to the status and the body', async () => {
  const left = { companies: 1, branches: 2, departments: 3, users_detached: 4 };
  const one = { path: { id: 'c' } };
  assert.deepEqual(await replying(() => new Response(null, { status: 204 })).api.deleteCompany(one), { status: 204 });
  assert.deepEqual(await replying(() => json(left, { 'Retry-After': '3' }, 202)).api.deleteCompany(one), { status: 202, body: left, retryAfter: 3 });
  const preview = await replying(() => json(left)).api.deleteCompany({ ...one, query: { dry_run: true } });
  assert.deepEqual(preview, { status: 200, body: left });
});

test('options that would change what resolves are not looked at', async () => {
  const api = replying(() => json({ id: 'c' })).api as unknown as AnyApi;
  const options = { path: { id: 'c' }, throwOnError: false, responseStyle: 'fields', parseAs: 'stream', method: 'DELETE', baseUrl: 'https://other.test' };
  assert.deepEqual(await api['getCompany']!(options), { id: 'c' });
  assert.ok((await caught((replying(() => problem(404, 'not_found')).api as unknown as AnyApi)['getCompany']!(options))) instanceof Error);
});

test('a download has a name, and is read as a stream, a blob or text', async () => {
  const file = (disposition: string) => () =>
    new Response('a,b\n', { headers: { 'Content-Type': 'text/csv; charset=utf-8', 'Content-Disposition': disposition } });
  const names: [string, string | undefined][] = [
    ['attachment; filename="audit-2026.csv"', 'audit-2026.csv'],
    ['attachment; filename=audit.csv', 'audit.csv'],
    [`attachment; filename="plain.csv"; filename*=UTF-8''pr%C3%BCfung%20%E2%82%AC.csv`, 'prüfung €.csv'],
    ['attachment; filename="say \\"hi\\".csv"', 'say "hi".csv'],
    ['attachment; filename="../../etc/passwd"', 'passwd'],
    ['attachment; filename="C:\\\\temp\\\\a.csv"', 'a.csv'],
    [`attachment; filename*=UTF-8''%E0%A4%A; filename="whole.csv"`, 'whole.csv'],
    ['attachment; filename=".."', undefined],
    ['inline', undefined],
  ];
  for (const [disposition, want] of names) {
    assert.equal((await replying(file(disposition)).api.exportAuditLogs()).filename, want, disposition);
  }
  const download = () => replying(file('attachment')).api.exportAuditLogs({ query: { format: 'csv' } });
  assert.equal((await download()).type, 'text/csv');
  assert.equal(await (await download()).text(), 'a,b\n');
  assert.equal(await (await (await download()).blob()).text(), 'a,b\n');
  assert.equal(await new Response((await download()).stream).text(), 'a,b\n');
  const cut = () => new Response(new ReadableStream({ start: (stream) => stream.error(new TypeError('terminated')) }), { headers: { 'Content-Type': 'text/csv' } });
  assert.ok((await caught((await replying(cut).api.exportAuditLogs()).text())) instanceof NetworkError);
});
