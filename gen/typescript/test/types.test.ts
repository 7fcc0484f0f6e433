// Nothing runs here but one test: `npm run lint` compiles this file, and each line below an @ts-expect-error must not compile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Client, type Company, type DeletionPreview, type ListName, type LoginRequest, type LogoutScope, type OptionsOf, type ResultOf, Role, TenantStatus, type User,
} from '@tenantry/client';
import { queriesOf } from '@tenantry/client/tanstack';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const path = { id: 'c' };

export async function requests({ api }: Client): Promise<void> {
  await api.createCompany({ body: { code: 'C', name: 'C', address: { city: null } }, signal: AbortSignal.timeout(1), headers: { 'X-Request-Id': 'r' } });
  // @ts-expect-error required fields are missing
  await api.createCompany({ body: {} });
  // @ts-expect-error a required field is missing
  await api.createUser({ body: { email: 'e', full_name: 'f' } });
  // @ts-expect-error the body is missing
  await api.createCompany({});
  // @ts-expect-error there is no such field
  await api.createCompany({ body: { code: 'C', name: 'C', nmae: 'x' } });
  // @ts-expect-error there is no such field
  await api.updateCompany({ path, body: { nmae: 'x' } });
  // @ts-expect-error there is no such field
  await api.updateCompany({ path, body: { address: { town: 'x' } } });
  // @ts-expect-error there is no such parameter
  await api.listCompanies({ query: { nmae: 'x' } });
  // @ts-expect-error there is no such value
  await api.listCompanies({ query: { sort: 'nmae' } });
  // @ts-expect-error the path is missing
  await api.getCompany();
  // @ts-expect-error the confirmation is missing
  await api.deleteTenant({ path });
  // @ts-expect-error a new resource has no version
  await api.createCompany({ body: { code: 'C', name: 'C' }, ifMatch: 1 });
  // @ts-expect-error a row needs a version
  await api.updateCompany({ path, body: {}, ifMatch: { id: 'c' } });
}

export async function optionsThatChangeWhatResolves({ api }: Client): Promise<void> {
  // @ts-expect-error an option of the generator
  await api.getCompany({ path, throwOnError: false });
  // @ts-expect-error an option of the generator
  await api.getCompany({ path, responseStyle: 'fields' });
  // @ts-expect-error an option of the generator
  await api.getCompany({ path, parseAs: 'stream' });
  // @ts-expect-error an option of the generator
  await api.getCompany({ path, client: undefined });
}

export async function results(client: Client): Promise<void> {
  const preview = await client.api.deleteCompany({ path, query: { dry_run: true } });
  const counted: Same<typeof preview.body, DeletionPreview> = true;
  const deleted = await client.api.deleteCompany({ path, ifMatch: 3 });
  const statuses: Same<typeof deleted.status, 202 | 204> = true;
  // @ts-expect-error 204 has no body
  void deleted.body;
  if (deleted.status === 202) {
    const wait: number = deleted.retryAfter;
    void wait;
  }
  const gone: Same<ResultOf<'deleteUser'>, void> = true;
  const stream: ReadableStream<Uint8Array> = (await client.api.exportAuditLogs()).stream;
  const me = await client.api.getMe();
  me.permissions.includes('createCompany');
  // @ts-expect-error there is no such operation
  me.permissions.includes('createCompanies');
  const options: OptionsOf<'createUser'> = { body: { email: 'e', full_name: 'f', role: Role.viewer } };
  void [counted, statuses, gone, stream, options];
  // @ts-expect-error a list is no deletion
  await client.remove('listCompanies', {});
  // @ts-expect-error a single resource has no pages
  client.all('getCompany');
}

export function queries(client: Client): void {
  const { query, infinite, key } = queriesOf(client);
  const name: Promise<Company> = query('getCompany', { path }).queryFn({ signal: AbortSignal.timeout(1) });
  void [name, query('getMe'), infinite('listCompanies'), key(), key('getCompany', { path })];
  // @ts-expect-error the path is missing
  query('getCompany');
  // @ts-expect-error a query doesn't change anything
  query('updateCompany', { path, body: {} });
  // @ts-expect-error it has no pages
  infinite('getCompany', { path });
  const lists: Same<Parameters<typeof infinite>[0], ListName> = true;
  void lists;
}

/** The type of the function of a mutation in TanStack Query. */
type MutationFunction<Data, Variables> = (variables: Variables, context: { client: object; meta: Record<string, unknown> | undefined; mutationKey?: readonly unknown[] }) => Promise<Data>;

export function mutations({ login, logout, api }: Client): unknown[] {
  const into: MutationFunction<User, LoginRequest> = login;
  const out: MutationFunction<void, LogoutScope | undefined> = logout;
  const save: MutationFunction<Company, OptionsOf<'updateCompany'>> = api.updateCompany;
  const remove: MutationFunction<ResultOf<'deleteCompany'>, OptionsOf<'deleteCompany'>> = api.deleteCompany;
  return [into, out, save, remove];
}

test('enumerations have values, for comparisons and for selects', () => {
  const roles: Role[] = Object.values(Role);
  assert.deepEqual(roles, ['viewer', 'user', 'admin']);
  assert.equal(TenantStatus.suspended, 'suspended');
});
