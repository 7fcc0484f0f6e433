import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeServer, json, storeWith } from './fake.js';

function replying(answer: () => Response) {
  const server = new FakeServer();
  server.answer = answer;
  return server.client({ store: storeWith(server.tokens()) }).api;
}

test('JSON comes as what it is', async () => {
  for (const type of ['application/json', 'application/json; charset=utf-8', 'application/jwk-set+json']) {
    assert.deepEqual(await replying(() => json({ keys: [] }, { 'Content-Type': type })).getKeySet(), { keys: [] }, type);
  }
});

test('what is not JSON comes as text, or as a stream if that is asked for', async () => {
  for (const type of ['application/x-ndjson', 'text/csv', 'application/yaml']) {
    const text = new Response('{"id":1}\n', { headers: { 'Content-Type': type } });
    assert.equal(await replying(() => text).exportAuditLogs(), '{"id":1}\n', type);
  }
  const stream: unknown = await replying(() => new Response('a,b\n')).exportAuditLogs({ parseAs: 'stream' });
  assert.ok(stream instanceof ReadableStream);
  assert.equal(await new Response(stream).text(), 'a,b\n');
});

test('nothing comes as nothing', async () => {
  assert.equal(await replying(() => new Response(null, { status: 204 })).deleteCompany({ path: { id: 'c' } }), null);
});
