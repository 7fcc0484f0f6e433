// Generates src/generated from the document: types by openapi-ts, and a table of the operations.
import { fileURLToPath } from 'node:url';
import { writeFileSync } from 'node:fs';
import { createClient } from '@hey-api/openapi-ts';
import { readDocument } from './document.mjs';
import { operationsText, schemasText } from './operations.mjs';

const target = fileURLToPath(new URL('../src/generated/', import.meta.url));
const source = readDocument(new URL('../../contract/openapi.json', import.meta.url));

await createClient({
  input: structuredClone(source.document),
  output: { path: target, indexFile: false, module: { extension: '.js' } },
  plugins: [{ name: '@hey-api/typescript', definitions: { case: 'preserve' }, enums: { mode: 'javascript', case: 'preserve' } }],
  logs: { level: 'silent', file: false },
});
writeFileSync(`${target}operations.gen.ts`, operationsText(source));
writeFileSync(`${target}schemas.gen.ts`, schemasText(source));
