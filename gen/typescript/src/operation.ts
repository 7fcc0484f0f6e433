/** What the client needs to know of an operation of the document to call it and to check its replies. */
export interface Operation {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH';
  /** With each parameter in braces, like `/api/v1/users/{id}`. */
  readonly path: string;
  /** The media types of each status of success; none if the reply has no body. */
  readonly replies: Readonly<Record<number, readonly string[]>>;
  /** Whether it needs a token. */
  readonly secured?: boolean;
  /** Whether it takes `tenant_id`. */
  readonly tenant?: boolean;
  /** Whether it takes `If-Match`. */
  readonly ifMatch?: boolean;
  /** Whether the reply is a file. */
  readonly download?: boolean;
  /** Whether the reply is a page of a list. */
  readonly page?: boolean;
}
