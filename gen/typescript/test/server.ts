// What Node does with a real server, which TestAgainstTheServer starts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, cookieStore, createClient, isProblem, type LoginRequest, memoryStore, NetworkError, OperationId, Role, type TokenStore } from '@tenantry/client';
import { caught } from './fake.js';

const { SERVER: baseUrl = '', EMAIL: email = '', PASSWORD: password = '' } = process.env;

// However slow the machine is, no answer comes too late.
const timer = globalThis.setTimeout;
globalThis.setTimeout = ((work: () => void, ms = 0) => timer(work, ms >= 3000 ? 100 * ms : ms)) as typeof globalThis.setTimeout;

/** A client that is logged in, and the paths that it asked for. */
async function loggedIn(): Promise<{ client: Client; store: TokenStore; asked: string[] }> {
  const store = memoryStore();
  const asked: string[] = [];
  const client = createClient({
    baseUrl,
    store,
    fetch: (request) => {
      asked.push(new URL(request.url).pathname);
      return fetch(request);
    },
  });
  await client.login({ email, password });
  return { client, store, asked };
}

/** Lets all access tokens expire, and the server's grace for used refresh tokens. */
async function expire(): Promise<void> {
  await fetch(`${baseUrl}/test/expire`, { method: 'POST' });
}

function refreshes(asked: string[]): number {
  return asked.filter((path) => path.endsWith('/auth/refresh')).length;
}

test('a wrong password is a problem', async () => {
  const client = createClient({ baseUrl });
  const error = await caught(client.login({ email, password: 'wrong' }));
  assert.ok(isProblem(error, 'invalid_credentials'));
  assert.equal(error.status, 401);
  assert.match(error.requestId, /./);
  assert.equal(client.userId, null);
});

test('a request that is not valid names every place', async () => {
  const { client } = await loggedIn();
  const error = await caught(client.api.createCompany({ body: { code: 'c c', name: ' ' } }));
  assert.ok(isProblem(error, 'validation_failed'));
  assert.deepEqual(error.errors.map((place) => place.pointer).sort(), ['/code', '/name']);
});

test('ten requests with an expired token refresh once', async () => {
  const { client, asked } = await loggedIn();
  for (let i = 0; i < 2; i++) {
    await expire();
    asked.length = 0;
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.api.getMe()));
    assert.ok(answers.every((me) => me.user.id === client.userId));
    assert.equal(refreshes(asked), 1);
  }
});

test('a client that lost the answer of a refresh stays logged in', async () => {
  const { client, store } = await loggedIn();
  const before = store.load();
  await expire();
  await client.api.getMe();
  store.save(before);
  await client.api.getMe();
  assert.notEqual(client.userId, null);
});

test('a refresh whose answer is lost on the way is asked for again', async () => {
  const store = memoryStore();
  let lost = 0;
  const client = createClient({
    baseUrl,
    store,
    fetch: async (request) => {
      const reply = await fetch(request);
      if (request.url.endsWith('/auth/refresh') && lost++ === 0) {
        throw new TypeError('the connection was reset');
      }
      return reply;
    },
  });
  await client.login({ email, password });
  await expire();
  assert.equal((await client.api.getMe()).user.email, email);
  await expire();
  assert.equal((await client.api.getMe()).user.email, email);
  assert.equal(lost, 3);
});

test('a tab that was closed in the middle of a refresh logs nobody out, and whoever has its token elsewhere gets nothing', async () => {
  const { client, store } = await loggedIn();
  const closed = createClient({
    baseUrl,
    store,
    fetch: async (request) => {
      const reply = await fetch(request);
      if (request.url.endsWith('/auth/refresh')) {
        throw new TypeError('the tab is closed');
      }
      return reply;
    },
  });
  const lose = async () => {
    await expire();
    assert.ok((await caught(closed.api.getMe())) instanceof NetworkError);
    await fetch(`${baseUrl}/test/pass`, { method: 'POST' });
  };
  await lose();
  assert.equal((await client.api.getMe()).user.email, email);
  await lose();
  const elsewhere = createClient({ baseUrl, store, headers: { 'User-Agent': 'another program' } });
  assert.ok(isProblem(await caught(elsewhere.api.getMe()), 'refresh_reused'));
});

test('a stolen refresh token ends the session of both', async () => {
  const { client, store } = await loggedIn();
  const thief = memoryStore();
  thief.save(store.load());
  await expire();
  await client.api.getMe();
  await expire();
  assert.ok(isProblem(await caught(createClient({ baseUrl, store: thief }).api.getMe()), 'refresh_reused'));
  assert.equal(thief.load(), null);
  const error = await caught(client.api.getMe());
  assert.ok(isProblem(error) && error.status === 401);
  assert.equal(client.userId, null);
});

test('log-out ends the session on the server, also with an expired token', async () => {
  for (const late of [false, true]) {
    const { client, store } = await loggedIn();
    const copy = memoryStore();
    copy.save(store.load());
    if (late) {
      await expire();
    }
    await client.logout();
    assert.equal(client.userId, null);
    const error = await caught(createClient({ baseUrl, store: copy }).api.getMe());
    assert.ok(isProblem(error) && error.status === 401, `${late}`);
    assert.equal(copy.load(), null);
  }
});

test('log-out of the others ends theirs, and not this one', async () => {
  const [other, mine] = [await loggedIn(), await loggedIn()];
  await mine.client.logout('others');
  assert.ok(isProblem(await caught(other.client.api.getMe()), 'session_ended'));
  assert.equal(other.client.userId, null);
  assert.equal((await mine.client.api.getMe()).user.email, email);
});

test('changes that cross are a conflict, whatever was read since', async () => {
  const [mine, theirs] = [(await loggedIn()).client, (await loggedIn()).client];
  const path = { id: (await mine.api.createCompany({ body: { code: 'CROSS', name: 'Cross' } })).id };
  const form = await mine.api.getCompany({ path });
  const saved = await theirs.api.updateCompany({ path, body: { name: 'Theirs' }, ifMatch: form });
  assert.equal(saved.version, 2);
  assert.equal((await mine.api.getCompany({ path })).name, 'Theirs'); // in the background, while the person still sees the form
  const mineToo = { path, body: { name: 'Mine' } };
  assert.ok(isProblem(await caught(mine.api.updateCompany({ ...mineToo, ifMatch: form })), 'stale_version'));
  assert.equal((await mine.api.updateCompany({ ...mineToo, ifMatch: saved })).version, 3);
});

test('a row of a list is changed, and deleted with what is below it', async () => {
  const { client } = await loggedIn();
  await client.api.createCompany({ body: { code: 'ROW', name: 'Row' } });
  const row = (await client.api.listCompanies({ query: { code: 'ROW' } })).items[0];
  assert.ok(row);
  const path = { id: row.id };
  const changed = await client.api.updateCompany({ path, body: { phone: null, name: 'Rows' }, ifMatch: row });
  const preview = await client.api.deleteCompany({ path, query: { dry_run: true } });
  assert.equal(preview.body.companies, 1);
  assert.ok(isProblem(await caught(client.remove('deleteCompany', { path, ifMatch: row })), 'stale_version'));
  await client.remove('deleteCompany', { path, ifMatch: changed });
  assert.ok(isProblem(await caught(client.api.getCompany({ path })), 'not_found'));
});

test('what a user was changed to by its operations is the version to go on with', async () => {
  const { client } = await loggedIn();
  const { user } = await client.api.createUser({ body: { email: 'tom@example.com', full_name: 'Tom', role: Role.viewer } });
  const path = { id: user.id };
  await client.api.deactivateUser({ path });
  const active = await client.api.activateUser({ path });
  assert.ok(isProblem(await caught(client.api.updateUser({ path, body: { full_name: 'Tom Berg' }, ifMatch: user })), 'stale_version'));
  await client.api.updateUser({ path, body: { full_name: 'Tom Berg' }, ifMatch: active });
  assert.equal(await client.api.deleteUser({ path }), undefined);
});

test('a user is told what they may do by the names of operations', async () => {
  const { client } = await loggedIn();
  const { permissions } = await client.api.getMe();
  assert.ok(permissions.includes('createCompany') && !permissions.includes('createTenant'));
  assert.ok(permissions.every((name) => name === OperationId[name]));
});

test('lists have every item once, in pages of any size', async () => {
  const { client } = await loggedIn();
  for (const code of ['P1', 'P2', 'P3', 'P4', 'P5']) {
    await client.api.createCompany({ body: { code, name: `Page ${code}` } });
  }
  const codes: string[] = [];
  for await (const company of client.all('listCompanies', { query: { q: 'Page P', sort: '-name', limit: 2 } })) {
    codes.push(company.code);
  }
  assert.deepEqual(codes, ['P5', 'P4', 'P3', 'P2', 'P1']);
});

test('an export is a file with a name', async () => {
  const { client } = await loggedIn();
  const csv = await client.api.exportAuditLogs({ query: { format: 'csv' } });
  assert.match(csv.filename ?? '', /\.csv$/);
  assert.match(await csv.text(), /^id,/);
  const lines = (await (await client.api.exportAuditLogs({ query: { format: 'ndjson' } })).text()).trim().split('\n');
  assert.ok(lines.length > 1 && lines.every((line) => JSON.parse(line).id));
  await (await client.api.exportAuditLogs()).stream.cancel();
});

test('what does not answer is a network error, and what is aborted is not', async () => {
  const nobody = createClient({ baseUrl: 'http://127.0.0.1:1' });
  assert.ok((await caught(nobody.api.getHealth())) instanceof NetworkError);
  const signal = AbortSignal.abort();
  assert.equal(((await caught(createClient({ baseUrl }).api.getHealth({ signal }))) as Error).name, 'AbortError');
});

/** The back end of a front end that keeps the tokens from the browser, as in the README. */
async function backEnd(request: Request): Promise<Response> {
  const headers = new Headers();
  const { pathname, search } = new URL(request.url);
  const client = createClient({
    baseUrl,
    store: cookieStore({ cookie: request.headers.get('Cookie'), setCookie: (value) => headers.append('Set-Cookie', value) }),
    headers: { 'User-Agent': request.headers.get('User-Agent') ?? '' },
  });
  if (pathname === '/api/v1/auth/login') {
    const user = await client.login((await request.json()) as LoginRequest);
    return Response.json(user, { headers });
  }
  const body = request.method === 'GET' ? null : await request.arrayBuffer();
  const reply = await client.fetch(pathname + search, { method: request.method, headers: { 'Content-Type': 'application/json' }, body });
  return new Response(reply.body, { status: reply.status, headers });
}

test('a back end keeps the tokens in a cookie, renews them, and is the browser to the server', async () => {
  const agent = 'Mozilla/5.0 (a browser)';
  let cookie = '';
  const browse = async (path: string, init: RequestInit = {}) => {
    const reply = await backEnd(new Request(`https://front.test${path}`, { ...init, headers: { Cookie: cookie, 'User-Agent': agent } }));
    cookie = reply.headers.get('Set-Cookie')?.split(';')[0] ?? cookie;
    return reply;
  };
  assert.equal((await browse('/api/v1/auth/me')).status, 401);
  const user = await (await browse('/api/v1/auth/login', { method: 'POST', body: JSON.stringify({ email, password }) })).text();
  assert.ok(user.includes(email) && !user.includes('token'));
  await expire();
  const before = cookie;
  const created = await browse('/api/v1/org/companies', { method: 'POST', body: JSON.stringify({ code: 'BACK', name: 'Back End' }) });
  assert.equal(created.status, 201);
  assert.notEqual(cookie, before);
  const sessions = (await (await browse('/api/v1/auth/sessions')).json()) as { items: { user_agent: string; current: boolean }[] };
  assert.equal(sessions.items.find((session) => session.current)?.user_agent, agent);
});
