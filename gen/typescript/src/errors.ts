import type { ErrorCode, Problem, ProblemField } from './generated/types.gen.js';

/** What all errors of this package are. */
export abstract class TenantryError extends Error {
  /** What happened, for a person. */
  abstract readonly detail: string;
}

/** The server's answer to a request that it refused (RFC 9457). Decide by `code`, show `detail`. */
export class ProblemError extends TenantryError {
  override readonly name = 'ProblemError';
  /** Stable. A newer server may have codes that this version doesn't know; treat them by `status`. */
  readonly code: ErrorCode;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** The places of the request that are wrong, at most 50; empty where the problem is none of a place. */
  readonly errors: readonly ProblemField[];
  /**
   * What is wrong in each place, for a person, for a form: by JSON Pointer into the body, like `/name` or `/address/city`, or by the name of
   * the parameter, like `limit`.
   */
  readonly fields: Readonly<Record<string, string | undefined>>;
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
    this.fields = fieldsOf(this.errors);
    this.requestId = problem.request_id;
    this.retryAfter = retryAfter;
  }
}

/** A reply that the operation doesn't have in the document: of a proxy or another server, or 304 to an `If-None-Match`. */
export class StatusError extends TenantryError {
  override readonly name = 'StatusError';
  readonly detail = 'The server sent a reply that can\'t be used. Try again later.';
  /** The HTTP status; 0 if it is a redirect in a browser. */
  readonly status: number;

  constructor(status: number, contentType: string | null = null) {
    super(`The reply is not one of the API: status ${status}, ${contentType ?? 'no Content-Type'}`);
    this.status = status;
  }
}

/** No reply, or only a part of one. Whether the server did what it was asked is unknown. The cause is `fetch`'s error. */
export class NetworkError extends TenantryError {
  override readonly name = 'NetworkError';
  readonly detail = 'The server does not answer. Try again.';

  constructor(cause: unknown) {
    super('The server did not answer', { cause });
  }
}

/** Whether something caught is a problem, and if codes are given, one of these. */
export function isProblem<Code extends ErrorCode = ErrorCode>(error: unknown, ...codes: Code[]): error is ProblemError & { code: Code } {
  return error instanceof ProblemError && (codes.length === 0 || (codes as ErrorCode[]).includes(error.code));
}

/** The first message of each place. */
function fieldsOf(errors: readonly ProblemField[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const { pointer, parameter, detail } of errors) {
    fields[pointer ?? parameter ?? ''] ??= detail;
  }
  return fields;
}
