import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeTypes } from './types.mjs';

test('dates and decimals are strings', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-types-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const amount = { type: 'string', format: 'decimal', pattern: '^-?(0|[1-9][0-9]{0,11})(\\.[0-9]{1,2})?$' };
  const date = { type: 'string', format: 'date' };
  const properties = { amount, fee: { ...amount, nullable: true }, paid_on: date, due_on: { ...date, nullable: true } };
  const parameters = [{ name: 'amount', in: 'query', schema: amount }, { name: 'from', in: 'query', schema: date }];
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Payment' } } };
  await writeTypes(
    {
      openapi: '3.0.3',
      info: { title: 'Test', version: '1' },
      paths: { '/payments': { get: { operationId: 'getPayment', parameters, responses: { 200: { description: 'ok', content } } } } },
      components: { schemas: { Payment: { type: 'object', required: Object.keys(properties), properties } } },
    },
    folder,
  );
  const types = readFileSync(join(folder, 'types.gen.ts'), 'utf8').replaceAll(/\s+/g, ' ');
  assert.match(types, /export type Payment = \{ amount: string; fee: string \| null; paid_on: string; due_on: string \| null; \}/);
  assert.match(types, /query\?: \{ amount\?: string; from\?: string; \}/);
});
