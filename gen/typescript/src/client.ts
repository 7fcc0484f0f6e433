import { isProblem, NetworkError, TenantryError } from './errors.js';
import { ETags } from './etags.js';
import { createClient as createRawClient, createConfig } from './generated/client/index.js';
import { Api } from './generated/sdk.gen.js';
import type { LoginRequest, LogoutScope, TokenPair, User } from './generated/types.gen.js';
import { Session } from './session.js';
import { memoryStore, type Tokens, type TokenStore } from './tokens.js';
import { type Fetch, send, sendAs, sendTagged } from './transport.js';

export interface ClientOptions {
  /** Where the server is, like `https://api.example.com`. In a browser it may be left out: the page's own origin. */
  baseUrl?: string;
  /** Where tokens are kept; in memory by default. */
  store?: TokenStore;
  /** Whether changes are made only to the version that was seen last (`If-Match`); `true` by default. */
  ifMatch?: boolean;
  /** In place of the global `fetch`. */
  fetch?: Fetch;
}

/** The operations of the document. Those that have to do with tokens are the client's. */
export type Operations = Omit<Api, 'login' | 'refresh' | 'logout'>;

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

type Answer<Name extends keyof Operations> = NonNullable<Awaited<ReturnType<Operations[Name]>>>;

/** The names of the operations that answer with a page. */
export type ListName = { [Name in keyof Operations]: Answer<Name> extends Page<unknown> ? Name : never }[keyof Operations];

/** What an item of this list is. */
export type ItemOf<Name extends ListName> = Answer<Name> extends Page<infer T> ? T : never;

/** No answer after so long counts as none, so that nobody waits for ever for somebody else's refresh. */
const refreshTimeout = 30_000;

export class Client {
  /**
   * Every operation, by its `operationId`. They resolve to the body of the reply, text where it isn't JSON and null where there is none, and
   * reject with a `TenantryError`. With `parseAs: 'stream'` the body is a `ReadableStream`.
   */
  readonly api: Operations;
  readonly #session: Session;
  readonly #etags = new ETags();
  readonly #anonymous: Api;

  constructor(options: ClientOptions = {}) {
    const baseUrl = (options.baseUrl ?? '').replace(/\/+$/, '');
    const fetch: Fetch = options.fetch ?? ((request) => globalThis.fetch(request));
    this.#anonymous = newApi(baseUrl, (request) => send(fetch, request));
    this.#session = new Session(options.store ?? memoryStore(), (token) => this.#trade(token));
    this.#session.listen(() => this.#etags.clear());
    const asUser: Fetch = (request) => sendAs(this.#session, fetch, request);
    this.api = newApi(baseUrl, (request, secured) => {
      if (!secured || request.headers.has('Authorization')) {
        return send(fetch, request);
      }
      return options.ifMatch === false ? asUser(request) : sendTagged(this.#etags, asUser, request);
    });
  }

  /** The id of the user who is logged in, or null. */
  get userId(): string | null {
    return this.#session.userId;
  }

  /** Starts a session, which replaces the one before. */
  async login(credentials: LoginRequest, options: { signal?: AbortSignal } = {}): Promise<User> {
    const result = await this.#anonymous.login({ body: credentials, ...options });
    this.#session.start(result);
    return result.user;
  }

  /**
   * Ends this session, all of the user's `others`, or `all` of them. Unless it is `others`, the tokens are forgotten first and in
   * any case, in all tabs. It rejects if the server couldn't be told: then the session lives there until it expires.
   */
  async logout(scope: LogoutScope = 'current', options: { signal?: AbortSignal } = {}): Promise<void> {
    if (scope === 'others') {
      await (this.api as Api).logout({ body: { scope }, ...options });
      return;
    }
    const tokens = this.#session.take();
    if (!tokens) {
      return;
    }
    try {
      await this.#end(tokens, scope, options);
    } catch (error) {
      if (!isProblem(error) || error.status !== 401) {
        throw error;
      }
    }
  }

  /**
   * Goes through all items of a list, page by page: `for await (const company of client.all('listCompanies')) ...`. It asks for
   * a page when the one before is used up, and for the largest ones unless the query has a `limit`.
   */
  async *all<Name extends ListName>(name: Name, options?: Parameters<Operations[Name]>[0]): AsyncGenerator<ItemOf<Name>, void, undefined> {
    type Asked = { query?: Record<string, unknown> };
    const list = (this.api[name] as (options: Asked) => Promise<Page<ItemOf<Name>>>).bind(this.api);
    const query: Record<string, unknown> = { limit: 100, ...(options as Asked | undefined)?.query };
    for (;;) {
      const page = await list({ ...options, query });
      yield* page.items;
      if (page.next_cursor === null) {
        return;
      }
      query['cursor'] = page.next_cursor;
    }
  }

  /**
   * Calls back with the id of the user who logged in, and with null when the session is over, here or in another tab. The
   * function that it returns ends that.
   */
  onUserChange(listener: (userId: string | null) => void): () => void {
    return this.#session.listen((userId) => queueMicrotask(() => listener(userId)));
  }

  async #end(tokens: Tokens, scope: LogoutScope, options: { signal?: AbortSignal }): Promise<void> {
    const logout = (token: string) =>
      this.#anonymous.logout({ body: { scope }, headers: { Authorization: `Bearer ${token}` }, ...options });
    try {
      await logout(tokens.access_token);
    } catch (error) {
      if (!isProblem(error, 'token_expired')) {
        throw error;
      }
      await logout((await this.#trade(tokens.refresh_token)).access_token);
    }
  }

  async #trade(refreshToken: string): Promise<TokenPair> {
    const signal = AbortSignal.timeout(refreshTimeout);
    try {
      return await this.#anonymous.refresh({ body: { refresh_token: refreshToken }, signal });
    } catch (error) {
      throw signal.aborted ? new NetworkError(error) : error;
    }
  }
}

export function createClient(options?: ClientOptions): Client {
  return new Client(options);
}

/** Returns the generated operations over this way to send; secured is whether the document asks for a token. */
function newApi(baseUrl: string, sendBy: (request: Request, secured: boolean) => Promise<Response>): Api {
  const secured = new WeakSet<Request>();
  const raw = createRawClient(
    createConfig({ baseUrl, throwOnError: true, fetch: (input) => sendBy(input as Request, secured.has(input as Request)) }),
  );
  raw.interceptors.request.use((request, options) => {
    if (options.security) {
      secured.add(request);
    }
    return request;
  });
  raw.interceptors.response.use((reply, _request, options) => {
    // By itself the generated code makes a Blob of text and an object of nothing, whatever its types say.
    if (options.parseAs === 'auto') {
      const json = /^application\/([^;]+\+)?json\b/.test(reply.headers.get('Content-Type') ?? '');
      options.parseAs = reply.status === 204 ? 'stream' : json ? 'json' : 'text';
    }
    return reply;
  });
  raw.interceptors.error.use((error, reply, request) => {
    // There is a reply, so it is its body that couldn't be read.
    const cut = reply && !request?.signal.aborted && !(error instanceof TenantryError);
    return cut ? new NetworkError(error) : error;
  });
  return new Api({ client: raw });
}
