import { parseTokens, type TokenStore } from './tokens.js';

export interface CookieStoreOptions {
  /** The `Cookie` header of the browser's request. */
  cookie: string | null | undefined;
  /** Adds this value as a `Set-Cookie` header to the reply. Called whenever tokens change; the last one counts. */
  setCookie: (value: string) => void;
  /** The name of the cookie; `__Host-tenantry` by default. */
  name?: string;
  /** How many seconds the browser keeps it; a week by default, like refresh tokens. */
  maxAge?: number;
}

/**
 * Keeps the tokens of one browser in a cookie that its scripts can't read, for a server that calls the API for it: one store, and one
 * client, for each request of the browser.
 */
export function cookieStore({ cookie, setCookie, name = '__Host-tenantry', maxAge = 604_800 }: CookieStoreOptions): TokenStore {
  let kept = parseTokens(decode(valueOf(cookie ?? '', name)));
  return {
    load: () => kept,
    save: (tokens) => {
      kept = tokens;
      const value = tokens ? encodeURIComponent(JSON.stringify(tokens)) : '';
      setCookie(`${name}=${value}; Path=/; Max-Age=${tokens ? maxAge : 0}; HttpOnly; Secure; SameSite=Lax`);
    },
  };
}

function valueOf(header: string, name: string): string | null {
  const pair = header.split(/;\s*/).find((part) => part.startsWith(`${name}=`));
  return pair === undefined ? null : pair.slice(name.length + 1);
}

function decode(value: string | null): string | null {
  try {
    return value === null ? null : decodeURIComponent(value);
  } catch {
    return null;
  }
}
