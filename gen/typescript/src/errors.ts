import type { ErrorCode, Problem, ProblemField } from './generated/types.gen.js';

/** What all errors of this package are. */
export abstract class TenantryError extends Error {}

/** The server's answer to a request that it didn't do (RFC 9457). Decide by `code`, show `detail`. */
export class ProblemError extends TenantryError {
  override readonly name = 'ProblemError';
  /** Stable. A newer server may have codes that this version doesn't know; treat them by `status`. */
  readonly code: ErrorCode;
  readonly status: number;
  readonly title: string;
  /** What happened, for a person. */
  readonly detail: string;
  /** The places of the request that are wrong, at most 50; empty where the problem is none of a place. */
  readonly errors: readonly ProblemField[];
  /** Finds the request in the server's log and audit trail. */
  readonly requestId: string;
  /** Seconds to wait before trying again, if the server said so. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, retryAfter?: number) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
    this.code = problem.code;
    this.status = problem.status;
    this.title = problem.title;
    this.detail = problem.detail;
    this.errors = problem.errors ?? [];
    this.requestId = problem.request_id;
    this.retryAfter = retryAfter;
  }
}

/** A reply that is neither a success nor a problem of ours: of a proxy in between, or 304 to an `If-None-Match`. */
export class StatusError extends TenantryError {
  override readonly name = 'StatusError';
  readonly status: number;

  constructor(status: number) {
    super(`The reply has the status ${status}, and no problem in it`);
    this.status = status;
  }
}

/** No reply, or only a part of one. Whether the server did what it was asked is unknown. The cause is `fetch`'s error. */
export class NetworkError extends TenantryError {
  override readonly name = 'NetworkError';

  constructor(cause: unknown) {
    super('The server did not answer', { cause });
  }
}

/** Whether something caught is a problem, and if codes are given, one of these. */
export function isProblem<Code extends ErrorCode = ErrorCode>(error: unknown, ...codes: Code[]): error is ProblemError & { code: Code } {
  return error instanceof ProblemError && (codes.length === 0 || (codes as ErrorCode[]).includes(error.code));
}

/** Reads the error out of a reply that is no success. */
export async function errorOf(reply: Response): Promise<ProblemError | StatusError | NetworkError> {
  let text: string;
  try {
    text = await reply.text();
  } catch (cause) {
    return new NetworkError(cause);
  }
  const problem = reply.headers.get('Content-Type')?.startsWith('application/problem+json') ? parse(text) : undefined;
  if (!problem) {
    return new StatusError(reply.status);
  }
  const wait = reply.headers.get('Retry-After') ?? '';
  return new ProblemError(problem, /^\d+$/.test(wait) ? Number(wait) : undefined);
}

function parse(text: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'code' in value && 'status' in value ? (value as Problem) : undefined;
  } catch {
    return undefined;
  }
}
