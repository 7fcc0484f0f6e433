import { readFileSync } from 'node:fs';

const methods = ['get', 'put', 'post', 'delete', 'patch'];

/**
 * Reads the document and makes it say what the types of a client need: parameters in place, no refusals, which are one type
 * (`Problem`), and a new resource as one object whose required fields are required.
 */
export function readDocument(url) {
  const document = JSON.parse(readFileSync(url, 'utf8'));
  const resolve = (value) => (value.$ref ? value.$ref.slice(2).split('/').reduce((at, key) => at[key], document) : value);
  const ids = [];
  for (const item of Object.values(document.paths)) {
    const shared = (item.parameters ?? []).map(resolve);
    delete item.parameters;
    for (const method of methods.filter((method) => item[method])) {
      const operation = item[method];
      operation.parameters = [...shared, ...(operation.parameters ?? []).map(resolve)];
      operation.responses = Object.fromEntries(
        Object.entries(operation.responses)
          .filter(([status]) => /^2/.test(status))
          .map(([status, reply]) => [status, resolve(reply)]),
      );
      ids.push(operation.operationId);
    }
  }
  const { schemas } = document.components;
  for (const [name, schema] of Object.entries(schemas)) {
    if (name.endsWith('Create') && schema.allOf) {
      schemas[name] = merged(schema, resolve);
    }
  }
  schemas.OperationId = { type: 'string', enum: ids.sort(), description: 'The name of an operation.' };
  schemas.Me.properties.permissions.items = { $ref: '#/components/schemas/OperationId' };
  delete document.components.parameters;
  delete document.components.responses;
  return { document, resolve };
}

/** Lists the operations with their path, method and operation object, in the order of the document. */
export function operationsOf({ paths }) {
  return Object.entries(paths).flatMap(([path, item]) =>
    methods.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method] })),
  );
}

function merged({ allOf, ...rest }, resolve) {
  const parts = allOf.map(resolve);
  const properties = Object.assign({}, ...parts.map((part) => part.properties));
  const required = parts.flatMap((part) => part.required ?? []);
  return { ...rest, type: 'object', additionalProperties: false, properties, required };
}
