import { type Client, type ClientOptions, createClient, type ErrorCode, type Tokens, type TokenStore } from '@tenantry/client';

/** A step that something waits at until it is opened. */
export class Gate {
  readonly passed: Promise<void>;
  open!: () => void;

  constructor() {
    this.passed = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

export interface Sent {
  method: string;
  path: string;
  token: string | null;
  headers: Headers;
  body: string;
  url: URL;
  signal: AbortSignal;
}

type Reply = Response | undefined;

/** A server of which only the log-in is real: one session, whose access tokens expire when the test says so. */
export class FakeServer {
  readonly sent: Sent[] = [];
  generation = 1;
  refreshes = 0;
  /** What is answered in place of the usual. */
  answer: (sent: Sent) => Reply | Promise<Reply> = () => undefined;

  readonly fetch = async (request: Request): Promise<Response> => {
    request.signal.throwIfAborted();
    const url = new URL(request.url);
    const token = request.headers.get('Authorization');
    const sent = { method: request.method, path: url.pathname, token, headers: request.headers, body: await request.text(), url, signal: request.signal };
    this.sent.push(sent);
    return (await this.answer(sent)) ?? this.#usual(sent);
  };

  client(options: ClientOptions = {}): Client {
    return createClient({ baseUrl: 'https://api.test', fetch: this.fetch, ...options });
  }

  /** Tokens of the session, of this generation. */
  tokens(generation = this.generation): Tokens {
    return { access_token: `access-${generation}`, refresh_token: `refresh-${generation}`, user_id: 'maya' };
  }

  /** Lets the access tokens that there are expire. */
  expire(): void {
    this.generation++;
  }

  to(path: string): Sent[] {
    return this.sent.filter((sent) => sent.path.endsWith(path));
  }

  #usual(sent: Sent): Response {
    const { user_id, ...pair } = this.tokens();
    if (sent.path.endsWith('/auth/login')) {
      return json({ ...pair, user: { id: user_id } });
    }
    if (sent.path.endsWith('/auth/refresh')) {
      this.refreshes++;
      return json(pair);
    }
    if (sent.token !== `Bearer ${pair.access_token}`) {
      return problem(401, sent.token === null ? 'unauthenticated' : 'token_expired');
    }
    if (sent.path.endsWith('/auth/logout') || sent.method === 'DELETE') {
      return new Response(null, { status: 204 });
    }
    return json({ id: sent.path }, {}, /(companies|users|branches|departments|tenants)$/.test(sent.path) && sent.method === 'POST' ? 201 : 200);
  }
}

export function json(body: unknown, headers: Record<string, string> = {}, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } });
}

export function problem(status: number, code: ErrorCode, headers: Record<string, string> = {}, more: object = {}): Response {
  const body = { type: `/errors/${code}`, title: code, status, detail: `It is ${code}.`, instance: '/', code, request_id: 'r-1', ...more };
  return json(body, { 'Content-Type': 'application/problem+json', ...headers }, status);
}

/** A store that is shared, as by tabs. */
export function storeWith(tokens: Tokens | null): TokenStore {
  let kept = tokens;
  return {
    load: () => kept,
    save: (saved) => {
      kept = saved;
    },
  };
}

/** The error that a promise is rejected with. */
export async function caught(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('it was not refused');
}

/** Lets everything happen that can happen without an answer from outside. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
