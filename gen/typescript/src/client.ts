import { type AnyCall, type CallOptions, requestOf } from './call.js';
import { isProblem, StatusError } from './errors.js';
import { operations, type Operations } from './generated/operations.gen.js';
import type { LoginRequest, LoginResult, LogoutScope, TokenPair, User } from './generated/types.gen.js';
import type { Operation } from './operation.js';
import { patiently, pause } from './patience.js';
import { readReply } from './reply.js';
import { Session } from './session.js';
import { memoryStore, type Tokens, tokensOf, type TokenStore } from './tokens.js';
import { type Fetch, send, sendAs } from './transport.js';

export interface ClientOptions {
  /** Where the server is, like `https://api.example.com`. In a browser it may be left out: the page's own origin. */
  baseUrl?: string;
  /** Where tokens are kept; in memory by default. */
  store?: TokenStore;
  /** Headers of all requests, also of those that renew tokens. */
  headers?: Record<string, string>;
  /** In place of the global `fetch`. */
  fetch?: Fetch;
}

/** The operations of the document. Those that have to do with tokens are the client's. */
export type Api = Omit<Operations, 'login' | 'refresh' | 'logout' | 'switchTenant'>;

export type OperationName = keyof Api;

/** What an operation takes. */
export type OptionsOf<Name extends OperationName> = Parameters<Api[Name]>[0];

/** What an operation resolves to. */
export type ResultOf<Name extends OperationName> = Awaited<ReturnType<Api[Name]>>;

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** The names of the operations that answer with a page. */
export type ListName = { [Name in OperationName]: ResultOf<Name> extends Page<unknown> ? Name : never }[OperationName];

/** What an item of this list is. */
export type ItemOf<Name extends ListName> = ResultOf<Name> extends Page<infer T> ? T : never;

/** The names of the operations that delete, and may need several requests for it. */
export type DeletionName = { [Name in OperationName]: ResultOf<Name> extends { status: 200 | 202 | 204 } ? Name : never }[OperationName];

/** What TanStack Query hands to the function of a mutation besides its argument. It is not looked at. */
interface MutationContext {
  client: unknown;
  meta: unknown;
}

/** All functions can be used without the client that they are taken from. */
export interface Client {
  /** Every operation, by its `operationId`. They resolve to the body of the reply and reject with a `TenantryError`. */
  readonly api: Api;
  /** The id of the user who is logged in, or null. */
  readonly userId: string | null;
  /** The tenant in which the operations act, if `withTenant` named one. */
  readonly tenantId: string | null;
  /** Starts a session, which replaces the one before. */
  readonly login: {
    (credentials: LoginRequest, options?: CallOptions): Promise<User>;
    (credentials: LoginRequest, context: MutationContext): Promise<User>;
  };
  /**
   * Enters another tenant of the person: starts a session there, which replaces this one, in all tabs that share the store. Use a client
   * with a store of its own for each tab that works in another tenant. `api.listMemberships` lists the tenants.
   */
  readonly switchTenant: {
    (tenantId: string, options?: CallOptions): Promise<User>;
    (tenantId: string, context: MutationContext): Promise<User>;
  };
  /**
   * Ends this session, all of the user's `others`, or `all` of them. Unless it is `others`, the tokens are forgotten first and in
   * any case, in all tabs. It rejects if the server couldn't be told: then the session lives there until it expires.
   */
  readonly logout: {
    (scope?: LogoutScope, options?: CallOptions): Promise<void>;
    (scope: LogoutScope | undefined, context: MutationContext): Promise<void>;
  };
  /**
   * Goes through all items of a list, page by page: `for await (const company of client.all('listCompanies')) ...`. It asks for
   * a page when the one before is used up, and for the largest ones unless the query has a `limit`. After 429 and 503 it waits as
   * long as the server says, up to a minute and five times for a page.
   */
  readonly all: <Name extends ListName>(name: Name, options?: OptionsOf<Name>) => AsyncGenerator<ItemOf<Name>, void, undefined>;
  /** Deletes, and repeats the request while the server answers that something is left. */
  readonly remove: <Name extends DeletionName>(name: Name, options: OptionsOf<Name>) => Promise<void>;
  /**
   * Sends any request to the server with the session's token, which is renewed if it has expired, and resolves to the reply as it is. It is
   * for what hands requests on. A path is relative to `baseUrl`; another server is refused with a RangeError, as it would get the token.
   */
  readonly fetch: (input: Request | URL | string, init?: RequestInit) => Promise<Response>;
  /** Returns a client of the same session whose operations act in this tenant, unless their query names one. */
  readonly withTenant: (tenantId: string) => Client;
  /**
   * Calls back with the id of the user who logged in, and with null when the session is over, here or in another tab. The
   * function that it returns ends that.
   */
  readonly onUserChange: (listener: (userId: string | null) => void) => () => void;
}

export function createClient(options: ClientOptions = {}): Client {
  const baseUrl = (options.baseUrl ?? '').replace(/\/+$/, '');
  const fetch: Fetch = options.fetch ?? ((request) => globalThis.fetch(request));
  const headers = options.headers ?? {};
  const call: Caller = async (operation, asked, sendBy = send) => {
    const request = requestOf(baseUrl, operation, asked, headers);
    return readReply(operation, request, await sendBy(fetch, request));
  };
  const session = new Session(options.store ?? memoryStore(), async (refresh_token, signal) => {
    const pair = (await call(operations.refresh, { body: { refresh_token }, signal })) as TokenPair;
    return complete({ ...pair, user_id: 'known' }) && pair;
  });
  return clientOf({ baseUrl, fetch, headers, call, session }, null);
}

type Caller = (operation: Operation, asked: AnyCall, sendBy?: typeof send) => Promise<unknown>;

/** What a client and those that act in other tenants share. */
interface Shared {
  readonly baseUrl: string;
  readonly fetch: Fetch;
  readonly headers: Record<string, string>;
  readonly call: Caller;
  readonly session: Session;
}

function clientOf(shared: Shared, tenantId: string | null): Client {
  const { call, session } = shared;
  const all = apiOf(shared, tenantId);
  const { login: _login, refresh: _refresh, logout: endSessions, switchTenant: enter, ...api } = all;
  const start = (result: LoginResult): User => {
    session.start(complete({ ...result, user_id: result.user?.id }));
    return result.user;
  };
  return {
    api,
    get userId() {
      return session.userId;
    },
    tenantId,
    login: async (credentials: LoginRequest, options?: CallOptions | MutationContext) => {
      return start((await call(operations.login, { ...own(options), body: credentials })) as LoginResult);
    },
    switchTenant: async (id: string, options?: CallOptions | MutationContext) => start(await enter({ ...own(options), body: { tenant_id: id } })),
    logout: async (scope: LogoutScope = 'current', options?: CallOptions | MutationContext) => {
      const asked = { ...own(options), body: { scope } };
      if (scope === 'others') {
        return endSessions(asked);
      }
      const tokens = session.take();
      return tokens ? end(shared, tokens, asked) : undefined;
    },
    all: (name, options) => pagesOf(api[name] as List, options as AnyCall | undefined),
    remove: (name, options) => removeAll(api[name] as Remove, options as AnyCall),
    fetch: async (input, init) => sendAs(session, shared.fetch, requestTo(shared, input, init)),
    withTenant: (id) => clientOf(shared, id),
    onUserChange: (listener) => session.listen((userId) => queueMicrotask(() => listener(userId))),
  };
}

/** The options of the caller without what TanStack Query adds. */
function own(options: CallOptions | MutationContext = {}): CallOptions {
  const { headers, signal } = options as CallOptions;
  return { ...(headers && { headers }), ...(signal && { signal }) };
}

function apiOf({ call, session }: Shared, tenantId: string | null): Operations {
  const asUser: typeof send = (fetch, request) => (request.headers.has('Authorization') ? send(fetch, request) : sendAs(session, fetch, request));
  const bind = (operation: Operation) => (asked: AnyCall = {}) => {
    const query = operation.tenant && tenantId !== null ? { tenant_id: tenantId, ...asked.query } : asked.query;
    return call(operation, { ...asked, ...(query && { query }) }, operation.secured ? asUser : send);
  };
  return Object.fromEntries(Object.entries(operations).map(([name, operation]) => [name, bind(operation)])) as unknown as Operations;
}

type List = (options: AnyCall) => Promise<Page<never>>;

async function* pagesOf(list: List, options: AnyCall = {}): AsyncGenerator<never, void, undefined> {
  const query: Record<string, unknown> = { limit: 100, ...options.query };
  for (;;) {
    const page = await patiently(() => list({ ...options, query }), options.signal);
    yield* page.items;
    if (page.next_cursor === null) {
      return;
    }
    query['cursor'] = page.next_cursor;
  }
}

type Remove = (options: AnyCall) => Promise<{ status: 204 } | { status: 202; retryAfter: number } | undefined>;

/** If-Match is for the first request alone: what has begun goes on, and may have changed the version. */
async function removeAll(remove: Remove, options: AnyCall): Promise<void> {
  const { ifMatch: _, ...rest } = options;
  let result = await remove(options);
  while (result?.status === 202) {
    await pause(result.retryAfter, options.signal);
    result = await patiently(() => remove(rest), options.signal);
  }
}

/** Ends the session of these tokens, which may have expired. */
async function end({ call, session }: Shared, tokens: Tokens, options: AnyCall): Promise<void> {
  const logout = (token: string) => call(operations.logout, { ...options, headers: { ...options.headers, Authorization: `Bearer ${token}` } });
  try {
    await logout(tokens.access_token);
  } catch (error) {
    if (!isProblem(error, 'token_expired')) {
      return unlessOver(error);
    }
    await session.trade(tokens.refresh_token).then(({ access_token }) => logout(access_token)).catch(unlessOver);
  }
}

/** A session that is over needs no end. */
function unlessOver(error: unknown): void {
  if (!isProblem(error) || error.status !== 401) {
    throw error;
  }
}

function requestTo({ baseUrl, headers }: Shared, input: Request | URL | string, init?: RequestInit): Request {
  const page = globalThis.location?.href;
  const base = new URL(`${baseUrl}/`, page);
  const relative = typeof input === 'string' && input.startsWith('/') ? baseUrl + input : input;
  const request = relative instanceof Request ? new Request(relative, init) : new Request(new URL(relative, base), init);
  if (!request.url.startsWith(base.href)) {
    throw new RangeError(`${request.url} is not below ${base.href}`);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!request.headers.has(name)) {
      request.headers.set(name, value);
    }
  }
  return request;
}

/** Throws a StatusError unless the reply had all that tokens need. */
function complete(value: Partial<Tokens>): Tokens {
  const tokens = tokensOf(value);
  if (!tokens) {
    throw new StatusError(200, 'application/json');
  }
  return tokens;
}
