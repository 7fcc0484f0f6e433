import type { Download } from './call.js';
import { NetworkError, ProblemError, StatusError } from './errors.js';
import { filenameOf } from './filename.js';
import type { Problem } from './generated/types.gen.js';
import type { Operation } from './operation.js';

/**
 * Reads the reply to a call: the body, or the status with the body if the operation has several. It throws a ProblemError if the server
 * refused, a StatusError for whatever the operation doesn't have in the document, and a NetworkError for half a reply.
 */
export async function readReply(operation: Operation, request: Request, reply: Response): Promise<unknown> {
  if (!reply.ok) {
    throw (await readProblem(request, reply)) ?? unexpected(reply);
  }
  const types = operation.replies[reply.status];
  if (!types || reply.redirected || (types.length > 0 && !types.includes(mediaType(reply)))) {
    reply.body?.cancel().catch(() => undefined);
    throw unexpected(reply);
  }
  if (operation.download) {
    return downloadOf(request, reply);
  }
  const body = types.length === 0 ? undefined : await readBody(operation, request, reply);
  if (Object.keys(operation.replies).length === 1) {
    return body;
  }
  return { status: reply.status, ...(body !== undefined && { body }), ...(reply.status === 202 && { retryAfter: retryAfterOf(reply) ?? 1 }) };
}

/** Reads the problem out of a reply, if there is one. */
export async function readProblem(request: Request, reply: Response): Promise<ProblemError | undefined> {
  const text = await complete(request, () => reply.text());
  const problem = mediaType(reply) === 'application/problem+json' ? parse(text) : undefined;
  return isProblemOf(reply, problem) ? new ProblemError(problem, retryAfterOf(reply)) : undefined;
}

async function readBody(operation: Operation, request: Request, reply: Response): Promise<unknown> {
  const text = await complete(request, () => reply.text());
  if (mediaType(reply) !== 'application/json') {
    return text;
  }
  const value = parse(text);
  if (value === undefined && /^\s*\{/.test(text)) {
    throw new NetworkError(new SyntaxError('The reply ends in the middle of its JSON'));
  }
  if (!isObject(value) || (operation.page && !isPage(value))) {
    throw unexpected(reply);
  }
  return value;
}

function downloadOf(request: Request, reply: Response): Download {
  return {
    filename: filenameOf(reply.headers.get('Content-Disposition')),
    type: mediaType(reply),
    stream: reply.body ?? new Blob([]).stream(),
    blob: () => complete(request, () => reply.blob()),
    text: () => complete(request, () => reply.text()),
  };
}

/** Reads something of a reply to its end. */
async function complete<T>(request: Request, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw request.signal.aborted ? request.signal.reason : new NetworkError(cause);
  }
}

function unexpected(reply: Response): StatusError {
  return new StatusError(reply.status, reply.headers.get('Content-Type'));
}

function mediaType(reply: Response): string {
  return (reply.headers.get('Content-Type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

function retryAfterOf(reply: Response): number | undefined {
  const wait = reply.headers.get('Retry-After') ?? '';
  return /^\d+$/.test(wait) ? Number(wait) : undefined;
}

function isProblemOf(reply: Response, value: unknown): value is Problem {
  return (
    isObject(value) &&
    typeof value['code'] === 'string' &&
    value['status'] === reply.status &&
    (value['errors'] === undefined || (Array.isArray(value['errors']) && value['errors'].every(isObject)))
  );
}

function isPage(value: Record<string, unknown>): boolean {
  return Array.isArray(value['items']) && (value['next_cursor'] === null || typeof value['next_cursor'] === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
