import { errorOf, isProblem, NetworkError } from './errors.js';
import type { ETags } from './etags.js';
import type { Session } from './session.js';
import type { Tokens } from './tokens.js';

export type Fetch = (request: Request) => Promise<Response>;

/** Sends the request. What isn't a success is thrown: a ProblemError, StatusError or NetworkError, or what the signal says. */
export async function send(fetch: Fetch, request: Request): Promise<Response> {
  let reply: Response;
  try {
    reply = await fetch(request);
  } catch (cause) {
    throw request.signal.aborted ? cause : new NetworkError(cause);
  }
  if (!reply.ok) {
    throw await errorOf(reply);
  }
  return reply;
}

/**
 * Sends the request with the session's access token. If that has expired, the request is sent once more with a new one. If
 * the server says that the session is over, its tokens are forgotten.
 */
export async function sendAs(session: Session, fetch: Fetch, request: Request): Promise<Response> {
  const tokens = session.tokens;
  if (!tokens) {
    return send(fetch, request);
  }
  try {
    return await send(fetch, withToken(request.clone(), tokens));
  } catch (error) {
    if (isProblem(error, 'session_ended', 'invalid_token')) {
      session.drop(tokens);
    }
    if (!isProblem(error, 'token_expired')) {
      throw error;
    }
    const renewed = await unlessAborted(session.renew(tokens), request.signal);
    if (!renewed) {
      throw error;
    }
    return send(fetch, withToken(request, renewed));
  }
}

/** Sends with the tag of the version seen last, and remembers that of the reply. */
export async function sendTagged(etags: ETags, sendOn: Fetch, request: Request): Promise<Response> {
  etags.condition(request);
  const reply = await sendOn(request);
  etags.observe(request, reply);
  return reply;
}

function withToken(request: Request, tokens: Tokens): Request {
  request.headers.set('Authorization', `Bearer ${tokens.access_token}`);
  return request;
}

/** Others may wait for the same work, so it goes on; only this wait ends. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) {
      abort();
    }
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
