/** What a session is kept by. Who has the refresh token has the session: keep it out of URLs, logs and other people's scripts. */
export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly user_id: string;
}

/**
 * Where tokens are kept. Calls come often and have to be quick; in front of a slow place, keep a copy in memory and write
 * behind it.
 */
export interface TokenStore {
  load(): Tokens | null;
  /** Replaces the tokens; `null` removes them. */
  save(tokens: Tokens | null): void;
  /** A name, if several tabs see the same tokens: that of the lock under which one of them refreshes for all. */
  readonly lock?: string;
  /** Calls back whenever another tab may have changed the tokens. */
  watch?(changed: () => void): void;
}

/** Keeps tokens as long as the page, and for this page alone. */
export function memoryStore(): TokenStore {
  let kept: Tokens | null = null;
  return {
    load: () => kept,
    save: (tokens) => {
      kept = tokens;
    },
  };
}

/**
 * Keeps tokens in `localStorage`: over reloads, and for all tabs of this origin. Every script of the origin can read them, so
 * have a strict Content-Security-Policy. `key` is the name in the storage; two installations on one origin need two. Where there
 * is no such storage, on a server or because the browser forbids it, this is a `memoryStore`.
 */
export function browserStore(key = 'tenantry'): TokenStore {
  const storage = findStorage();
  if (!storage) {
    return memoryStore();
  }
  return {
    lock: key,
    load: () => parseTokens(storage.getItem(key)),
    save: (tokens) => {
      if (tokens) {
        storage.setItem(key, JSON.stringify(tokens));
      } else {
        storage.removeItem(key);
      }
    },
    watch: (changed) => {
      // The key is null when everything was removed. The event comes in all tabs but the one that made the change.
      addEventListener('storage', (event) => {
        if (event.key === key || event.key === null) {
          changed();
        }
      });
    },
  };
}

function findStorage(): Storage | undefined {
  try {
    return 'addEventListener' in globalThis ? globalThis.localStorage : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the tokens that a text from a store has, or null. */
export function parseTokens(text: string | null): Tokens | null {
  try {
    return tokensOf(JSON.parse(text ?? 'null'));
  } catch {
    return null;
  }
}

/** Returns the value if it has all that tokens need, or null. */
export function tokensOf(value: Partial<Tokens> | null): Tokens | null {
  const { access_token, refresh_token, user_id } = value ?? {};
  const complete = [access_token, refresh_token, user_id].every((part) => typeof part === 'string' && part !== '');
  return complete ? ({ access_token, refresh_token, user_id } as Tokens) : null;
}
