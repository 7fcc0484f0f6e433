import { createClient } from '@hey-api/openapi-ts';

/** Writes types.gen.ts into a folder, which is emptied: the types of a document. Strings stay strings whatever their format is, dates and decimals too. */
export function writeTypes(document, folder) {
  return createClient({
    input: structuredClone(document),
    output: { path: folder, indexFile: false, module: { extension: '.js' } },
    plugins: [{ name: '@hey-api/typescript', definitions: { case: 'preserve' }, enums: { mode: 'javascript', case: 'preserve' } }],
    logs: { level: 'silent', file: false },
  });
}
