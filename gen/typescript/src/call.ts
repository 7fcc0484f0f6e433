import type { Operation } from './operation.js';

/** What every call takes besides the parameters of its operation. */
export interface CallOptions {
  /** Further headers, such as `X-Request-Id`. A call with `Authorization` is sent with that instead of the session's token. */
  headers?: Record<string, string>;
  /** Ends the call, which then rejects with the reason of the signal. */
  signal?: AbortSignal;
}

/** Which version a call is meant for: a row as the person saw it, its `version`, an `ETag`, or `*` for whichever there is. */
export type IfMatch = number | string | { readonly version: number };

export type Call<Data> = Omit<Data, 'url' | 'headers'> & CallOptions;

export type ConditionalCall<Data> = Call<Data> & {
  /**
   * Only for this version: give the row that the person saw. If someone else was faster, nothing is done and the call rejects with
   * `stale_version`. Without it, the call is for whichever version there is.
   */
  ifMatch?: IfMatch;
};

/** What an operation with several statuses of success did. */
export type Outcome<Replies, Status extends keyof Replies> = {
  [S in Status]: { readonly status: S } & (Replies[S] extends void ? unknown : { readonly body: Replies[S] }) &
    (S extends 202 ? { /** Seconds to wait before the same call continues the work. */ readonly retryAfter: number } : unknown);
}[Status];

/** A reply that is a file. Read it once: as a stream, as a `Blob` or as text. */
export interface Download {
  /** The name that the server gives it, without folders. */
  readonly filename: string | undefined;
  /** Its media type. */
  readonly type: string;
  /** If the connection breaks, reading it rejects with the error of `fetch`; `blob` and `text` reject with a `NetworkError`. */
  readonly stream: ReadableStream<Uint8Array>;
  blob(): Promise<Blob>;
  text(): Promise<string>;
}

/** The options of any call, as far as the transport looks at them. */
export interface AnyCall extends CallOptions {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  ifMatch?: IfMatch;
}

/** Makes the request of a call. It throws a RangeError if an argument would address or change something else than it names. */
export function requestOf(baseUrl: string, operation: Operation, call: AnyCall, defaults: Record<string, string>): Request {
  const headers = new Headers(defaults);
  headers.set('Accept', Object.values(operation.replies).flat().join(', ') || 'application/json');
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  if (body !== null) {
    headers.set('Content-Type', 'application/json');
  }
  for (const [name, value] of Object.entries(call.headers ?? {})) {
    headers.set(name, value);
  }
  if (operation.ifMatch && 'ifMatch' in call) {
    headers.set('If-Match', tagOf(call.ifMatch));
  }
  const url = baseUrl + pathOf(operation.path, call.path ?? {}) + queryOf(call.query ?? {});
  // The API has no redirects, and one that is followed would turn a change into a read.
  return new Request(url, { method: operation.method, headers, body, redirect: 'manual', signal: call.signal ?? null });
}

function pathOf(template: string, values: Record<string, unknown>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    // Dots would lead to the folder above, and an empty name to the list.
    if (typeof value !== 'string' || /^\.{0,2}$/.test(value)) {
      throw new RangeError(`path.${name} is not a name: ${String(value)}`);
    }
    return encodeURIComponent(value);
  });
}

function queryOf(values: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null) {
      query.append(name, String(value));
    }
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** Returns the tag of a version. A row without a version must not become a change without a condition. */
function tagOf(ifMatch: unknown): string {
  const version = typeof ifMatch === 'object' && ifMatch !== null && 'version' in ifMatch ? ifMatch.version : ifMatch;
  if (typeof version === 'number' && Number.isSafeInteger(version)) {
    return `"${version}"`;
  }
  if (typeof version === 'string' && /^\d+$/.test(version)) {
    return `"${version}"`;
  }
  // A proxy that compresses makes a tag weak, and a weak one never matches.
  const tag = typeof version === 'string' ? version.replace(/^W\//, '') : '';
  if (tag === '*' || /^"[^"]+"$/.test(tag)) {
    return tag;
  }
  throw new RangeError(`ifMatch is neither a version nor a row with one: ${String(version)}`);
}
