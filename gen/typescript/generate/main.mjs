// Generates src/generated from the document: types by openapi-ts, and a table of the operations.
import { fileURLToPath } from 'node:url';
import { writeFileSync } from 'node:fs';
import { readDocument } from './document.mjs';
import { operationsText, schemasText } from './operations.mjs';
import { writeTypes } from './types.mjs';

const target = fileURLToPath(new URL('../src/generated/', import.meta.url));
const source = readDocument(new URL('../../contract/openapi.json', import.meta.url));

await writeTypes(source.document, target);
writeFileSync(`${target}operations.gen.ts`, operationsText(source));
writeFileSync(`${target}schemas.gen.ts`, schemasText(source));
