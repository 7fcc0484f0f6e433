import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem, NetworkError, ProblemError, StatusError, TenantryError } from '@tenantry/client';
import { caught, FakeServer, json, problem, type Sent, storeWith } from './fake.js';

type Answer = (sent: Sent) => Response | Promise<Response>;

function ask(answer: Answer, signal?: AbortSignal): Promise<unknown> {
  const server = new FakeServer();
  server.answer = answer;
  return caught(server.client({ store: storeWith(server.tokens()) }).api.getMe(signal ? { signal } : {}));
}

test('a problem becomes an error with all that it says', async () => {
  const errors = [{ parameter: 'limit', detail: 'Use 100 or less.', code: 'maximum' }];
  const error = await ask(() => problem(422, 'validation_failed', { 'Retry-After': '7' }, { errors }));
  assert.ok(error instanceof ProblemError && error instanceof TenantryError && error instanceof Error);
  assert.equal(error.message, '422 validation_failed: It is validation_failed.');
  const { code, status, title, detail, requestId, retryAfter } = error;
  assert.deepEqual(
    { code, status, title, detail, requestId, retryAfter, errors: error.errors },
    { code: 'validation_failed', status: 422, title: code, detail: 'It is validation_failed.', requestId: 'r-1', retryAfter: 7, errors },
  );
});

test('what a problem does not say is empty', async () => {
  const error = await ask(() => problem(404, 'not_found', { 'Retry-After': 'Wed, 21 Oct 2026 07:28:00 GMT' }));
  assert.ok(error instanceof ProblemError);
  assert.deepEqual([error.errors, error.retryAfter], [[], undefined]);
});

test('a form finds the message of each field by its pointer, and that of a parameter by its name', async () => {
  const errors = [
    { pointer: '/name', detail: 'is missing', code: 'required' },
    { pointer: '/address/city', detail: 'is too long', code: 'too_long' },
    { pointer: '/address/city', detail: 'is odd', code: 'pattern' },
    { parameter: 'limit', detail: 'must be at most 100', code: 'maximum' },
  ];
  const error = await ask(() => problem(422, 'validation_failed', {}, { errors }));
  assert.ok(isProblem(error));
  assert.deepEqual(error.fields, { '/name': 'is missing', '/address/city': 'is too long', limit: 'must be at most 100' });
  const other = await ask(() => problem(404, 'not_found'));
  assert.ok(isProblem(other));
  assert.deepEqual(other.fields, {});
});

test('isProblem tells codes apart, and narrows them', async () => {
  const error = await ask(() => problem(412, 'stale_version'));
  assert.ok(isProblem(error));
  assert.equal(isProblem(error, 'not_found', 'forbidden'), false);
  assert.equal(isProblem(new Error('other')), false);
  if (isProblem(error, 'stale_version', 'not_found')) {
    const code: 'stale_version' | 'not_found' = error.code;
    assert.equal(code, 'stale_version');
  } else {
    assert.fail('it is stale_version');
  }
});

test('a reply that is no problem of ours becomes a StatusError', async () => {
  const replies = {
    502: () => new Response('<html>Bad Gateway</html>', { status: 502, headers: { 'Content-Type': 'text/html' } }),
    500: () => json('nothing', { 'Content-Type': 'application/problem+json' }, 500),
    503: () => json({ code: 'x', status: 503 }, {}, 503),
    504: () => new Response('{', { status: 504, headers: { 'Content-Type': 'application/problem+json' } }),
    304: () => new Response(null, { status: 304 }),
  };
  for (const [status, answer] of Object.entries(replies)) {
    const error = await ask(answer);
    assert.ok(error instanceof StatusError, status);
    assert.equal(error.status, Number(status));
  }
});

test('no reply, or half of one, becomes a NetworkError', async () => {
  const failure = new TypeError('fetch failed');
  const refused = await ask(() => Promise.reject(failure));
  assert.ok(refused instanceof NetworkError);
  assert.equal(refused.cause, failure);
  const cut = () => new ReadableStream({ start: (stream) => stream.error(new TypeError('terminated')) });
  for (const [status, type] of [[200, 'application/json'], [500, 'application/problem+json']] as const) {
    assert.ok((await ask(() => new Response(cut(), { status, headers: { 'Content-Type': type } }))) instanceof NetworkError, `${status}`);
  }
  assert.ok((await ask(() => new Response('{"user":', { headers: { 'Content-Type': 'application/json' } }))) instanceof NetworkError);
});

test('an aborted request throws what the signal says', async () => {
  const reason = new Error('the page was left');
  const control = new AbortController();
  const during = ask(() => {
    control.abort(reason);
    return Promise.reject(reason);
  }, control.signal);
  assert.equal(await during, reason);
  assert.equal(await ask(() => json({}), control.signal), reason);
});

test('errors hold no token', async () => {
  const error = await ask(() => problem(403, 'forbidden'));
  assert.ok(!JSON.stringify(error, Object.getOwnPropertyNames(error)).includes('access-'));
});
