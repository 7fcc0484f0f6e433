import type { Client, ItemOf, ListName, OperationName, OptionsOf, ResultOf } from './client.js';
import { NetworkError, ProblemError, StatusError } from './errors.js';
import type { operations } from './generated/operations.gen.js';

/** The names of the operations that only read. */
export type ReadName = { [Name in OperationName]: (typeof operations)[Name]['method'] extends 'GET' ? Name : never }[OperationName];

/** The options of an operation that say what is asked for. */
type Asked<Name extends OperationName> = Omit<NonNullable<OptionsOf<Name>>, 'signal' | 'headers' | 'ifMatch'>;

/** Optional where the operation needs nothing. */
type Arguments<Name extends OperationName> = undefined extends OptionsOf<Name> ? [asked?: Asked<Name>] : [asked: Asked<Name>];

/** A page of a list. */
export interface PageOf<Name extends ListName> {
  items: ItemOf<Name>[];
  next_cursor: string | null;
}

/** What the options of all queries have. */
interface Keyed {
  queryKey: readonly unknown[];
  /** In place of TanStack's defaults, which repeat what was refused, too. */
  retry: typeof retry;
  retryDelay: typeof retryDelay;
}

export interface Queries {
  /** The options of `useQuery`. */
  readonly query: <Name extends ReadName>(
    name: Name,
    ...asked: Arguments<Name>
  ) => Keyed & { queryFn: (context: { signal: AbortSignal }) => Promise<ResultOf<Name>> };
  /** The options of `useInfiniteQuery`, which goes from page to page. */
  readonly infinite: <Name extends ListName>(
    name: Name,
    ...asked: Arguments<Name>
  ) => Keyed & {
    queryFn: (context: { signal: AbortSignal; pageParam: string | undefined }) => Promise<ResultOf<Name>>;
    initialPageParam: string | undefined;
    getNextPageParam: (last: PageOf<Name>) => string | undefined;
  };
  /** The key of all queries of the user in the tenant, of those of an operation, or of those that ask for this: for `invalidateQueries`. */
  readonly key: <Name extends ReadName>(name?: Name, asked?: Partial<Asked<Name>>) => readonly unknown[];
}

/**
 * Makes the options of TanStack Query out of operations. Keys begin with the user and the tenant: nobody sees what was cached for another.
 * So make them where a component renders, not once for the page.
 */
export function queriesOf(client: Client): Queries {
  const key = (...parts: unknown[]) => ['tenantry', client.userId, client.tenantId, ...parts.filter((part) => part !== undefined)] as const;
  const call = client.api as unknown as Record<string, (options: object) => Promise<never>>;
  return {
    query: (name, ...[asked]) => ({ queryKey: key(name, asked), retry, retryDelay, queryFn: ({ signal }) => call[name]!({ ...asked, signal }) }),
    infinite: (name, ...[asked]) => ({
      queryKey: key(name, asked ?? {}, 'infinite'),
      retry,
      retryDelay,
      queryFn: ({ signal, pageParam }) => call[name]!({ ...asked, query: { ...(asked as { query?: object })?.query, cursor: pageParam }, signal }),
      initialPageParam: undefined,
      getNextPageParam: (last) => last.next_cursor ?? undefined,
    }),
    key,
  };
}

const maxRetries = 3;
const maxRetryAfter = 60;
const passing = [429, 500, 502, 503, 504];

/** Whether a query shall be repeated: up to three times, after what may pass, and if the wait isn't longer than a minute. */
export function retry(failures: number, error: unknown): boolean {
  const mayPass = error instanceof NetworkError || ((error instanceof ProblemError || error instanceof StatusError) && passing.includes(error.status));
  return failures < maxRetries && mayPass && (waitOf(error) ?? 0) <= maxRetryAfter;
}

/** How many milliseconds to wait before that: as long as the server says, or longer each time. */
export function retryDelay(failures: number, error: unknown): number {
  return (waitOf(error) ?? 2 ** failures) * 1000;
}

function waitOf(error: unknown): number | undefined {
  return error instanceof ProblemError ? error.retryAfter : undefined;
}
