import { NetworkError, ProblemError } from './errors.js';
import type { TokenPair } from './generated/types.gen.js';
import type { Tokens, TokenStore } from './tokens.js';

/** Within how many milliseconds a tab sees what another one saved, and how often it looks. */
const visible = 1000;
const step = 10;

/** How many milliseconds a tab waits for another one's refresh. Tabs that sleep keep their locks. */
const lockWait = 3000;

/**
 * How many milliseconds each attempt to refresh waits for the answer. A lost one can be had again: the server gives the same successor to
 * all who ask with the same token.
 */
const answerWaits = [3000, 5000] as const;

type Trade = (refreshToken: string, signal: AbortSignal) => Promise<TokenPair>;

/**
 * The log-in of this page, or of all tabs if they share a store. The store is asked each time, so what another tab did
 * counts at once, and every change of tokens is made only if they are still those that it was made from: whoever logs out
 * meanwhile stays logged out.
 */
export class Session {
  readonly #store: TokenStore;
  readonly #trade: Trade;
  readonly #listeners = new Set<(userId: string | null) => void>();
  #known: string | null;
  #refreshing: Promise<Tokens | null> | undefined;

  /** trade gets a new pair for a refresh token. */
  constructor(store: TokenStore, trade: Trade) {
    this.#store = store;
    this.#trade = trade;
    this.#known = this.userId;
    store.watch?.(() => this.#notify());
  }

  get tokens(): Tokens | null {
    return this.#store.load();
  }

  get userId(): string | null {
    return this.tokens?.user_id ?? null;
  }

  start(tokens: Tokens): void {
    this.#save(tokens);
  }

  /** Forgets the tokens and returns them, for one last use. */
  take(): Tokens | null {
    const tokens = this.tokens;
    this.#save(null);
    return tokens;
  }

  /** Forgets the tokens if they are still these. */
  drop(tokens: Tokens): void {
    if (this.tokens?.access_token === tokens.access_token) {
      this.#save(null);
    }
  }

  /**
   * Returns tokens to use instead of expired ones, or null if their user is logged out. However many ask at the same time,
   * there is one refresh. If it is refused with 401 the session is over; the refusal is thrown to all who asked.
   */
  async renew(expired: Tokens): Promise<Tokens | null> {
    let tokens = await this.#refreshOnce(expired);
    if (tokens?.access_token === expired.access_token) {
      tokens = await this.#refreshOnce(expired); // the refresh that was under way began before these tokens did
    }
    return tokens?.user_id === expired.user_id ? tokens : null;
  }

  /** Calls back with the id of the user who logged in, here or in another tab, and with null when the session is over. */
  listen(listener: (userId: string | null) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #refreshOnce(expired: Tokens): Promise<Tokens | null> {
    this.#refreshing ??= this.#alone(expired).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /**
   * Waits while another tab refreshes, if there are locks: in secure contexts. Elsewhere, or when the other tab takes too long, tabs
   * refresh at the same time, and the server gives them the same successor.
   */
  async #alone(expired: Tokens): Promise<Tokens | null> {
    const locks = (globalThis.navigator as Navigator | undefined)?.locks;
    if (!locks || !this.#store.lock) {
      return this.#refresh(expired);
    }
    const name = `${this.#store.lock}.refresh`;
    const first = await locks.request(name, { ifAvailable: true }, async (lock) => (lock ? { tokens: await this.#refresh(expired) } : null));
    if (first) {
      return first.tokens;
    }
    const wait = new AbortController();
    const timer = setTimeout(() => wait.abort(), lockWait);
    try {
      return await locks.request(name, { signal: wait.signal }, async () => {
        clearTimeout(timer);
        await this.#replaced(expired);
        return this.#refresh(expired);
      });
    } catch (error) {
      if (!wait.signal.aborted) {
        throw error;
      }
      return this.#refresh(expired);
    }
  }

  /** What another tab has saved is seen here a moment later. It may also have failed, so the wait ends. */
  async #replaced(expired: Tokens): Promise<void> {
    for (let waited = 0; waited < visible && this.tokens?.access_token === expired.access_token; waited += step) {
      await new Promise((resume) => setTimeout(resume, step));
    }
  }

  async #refresh(expired: Tokens): Promise<Tokens | null> {
    const before = this.tokens;
    if (before?.access_token !== expired.access_token) {
      return before; // another tab was faster, or logged out
    }
    const replaced = () => this.tokens?.refresh_token !== before.refresh_token;
    let pair: TokenPair | undefined;
    for (let attempt = 0; !pair; attempt++) {
      try {
        pair = await this.trade(before.refresh_token, answerWaits[attempt]);
      } catch (error) {
        const repeat = attempt + 1 < answerWaits.length && error instanceof NetworkError;
        if (repeat) {
          await this.#replaced(before); // this tab may have slept, and a token that others have used since is taken for stolen
        }
        if (replaced()) {
          return this.tokens;
        }
        if (error instanceof ProblemError && error.status === 401) {
          this.#save(null);
        }
        if (!repeat) {
          throw error;
        }
      }
    }
    if (!replaced()) {
      this.#save({ access_token: pair.access_token, refresh_token: pair.refresh_token, user_id: before.user_id });
    }
    return this.tokens;
  }

  /** Gets a new pair for a refresh token. No answer in time is a NetworkError. */
  async trade(refreshToken: string, answerWait: number = answerWaits[1]): Promise<TokenPair> {
    const control = new AbortController();
    const timer = setTimeout(() => control.abort(new NetworkError(new Error('no answer in time'))), answerWait);
    try {
      return await this.#trade(refreshToken, control.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #save(tokens: Tokens | null): void {
    this.#store.save(tokens);
    this.#notify();
  }

  #notify(): void {
    const userId = this.userId;
    if (userId === this.#known) {
      return;
    }
    this.#known = userId;
    for (const listener of this.#listeners) {
      listener(userId);
    }
  }
}
