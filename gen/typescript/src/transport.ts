import { NetworkError } from './errors.js';
import { readProblem } from './reply.js';
import type { Session } from './session.js';
import type { Tokens } from './tokens.js';

export type Fetch = (request: Request) => Promise<Response>;

/** Sends the request. It throws a NetworkError if there is no reply, or what the signal says. */
export async function send(fetch: Fetch, request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (cause) {
    throw request.signal.aborted ? request.signal.reason : new NetworkError(cause);
  }
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
  const reply = await send(fetch, withToken(request.clone(), tokens));
  if ((await refusalOf(session, tokens, request, reply)) !== 'token_expired') {
    return reply;
  }
  const renewed = await unlessAborted(session.renew(tokens), request.signal);
  if (!renewed) {
    return reply;
  }
  const second = await send(fetch, withToken(request, renewed));
  await refusalOf(session, renewed, request, second);
  return second;
}

/** Returns the code of a 401, and forgets the tokens if it says that they are of no more use. */
async function refusalOf(session: Session, tokens: Tokens, request: Request, reply: Response): Promise<string | undefined> {
  if (reply.status !== 401) {
    return undefined;
  }
  const code = (await readProblem(request, reply.clone()))?.code;
  if (code === 'session_ended' || code === 'invalid_token') {
    session.drop(tokens);
  }
  return code;
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
