/** Remembers which version of each resource was seen last, by the `ETag` of the reply. */
export class ETags {
  readonly #seen = new Map<string, string>();

  /** Makes a change conditional on the version seen last, unless the request has a condition already. */
  condition(request: Request): void {
    const tag = this.#seen.get(key(request.url));
    if (tag && (request.method === 'PUT' || request.method === 'DELETE') && !request.headers.has('If-Match')) {
      request.headers.set('If-Match', tag);
    }
  }

  observe(request: Request, reply: Response): void {
    const tag = reply.headers.get('ETag')?.replace(/^W\//, ''); // a proxy that compresses makes it weak; a weak one never matches
    const resource = resourceOf(request, reply);
    if (request.method === 'DELETE' && reply.status === 204) {
      this.#seen.delete(resource);
    } else if (reply.ok && tag && resource !== ownProfile) {
      this.#seen.set(resource, tag);
    }
  }

  clear(): void {
    this.#seen.clear();
  }
}

/** It can't be read with its tag, so a tag that is out of date could never be replaced. */
const ownProfile = '/api/v1/auth/me';

/** The resource that the reply's tag is of: a POST makes a new one, or does something with the one above, like `/suspend`. */
function resourceOf(request: Request, reply: Response): string {
  if (request.method !== 'POST') {
    return key(request.url);
  }
  const location = reply.headers.get('Location');
  return location ? key(new URL(location, request.url).href) : key(request.url).replace(/\/[^/]*$/, '');
}

/** The path from `/api/` on, so that it doesn't matter where the server is mounted. */
function key(url: string): string {
  const path = new URL(url).pathname;
  return path.slice(Math.max(path.indexOf('/api/'), 0));
}
