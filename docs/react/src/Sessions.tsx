import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';

import { client, useClientQueries } from './api';
import { Failure } from './Failure';

/** Where the user is logged in. */
export function Sessions() {
  const queries = useClientQueries();
  const queryClient = useQueryClient();
  const sessions = useInfiniteQuery(queries.infinite('listMySessions'));
  const end = useMutation({
    mutationFn: client.api.endMySession,
    onSettled: () => queryClient.invalidateQueries({ queryKey: queries.key('listMySessions') }),
  });
  return (
    <>
      <h1>Sessions</h1>
      <Failure of={end.error ?? sessions.error} />
      <ul id="sessions">
        {sessions.data?.pages.flatMap((page) => page.items).map((session) => (
          <li key={session.id}>
            {session.user_agent} from {session.ip}, since {new Date(session.created_at).toLocaleString()}{' '}
            {session.current ? <b>this one</b> : <button disabled={end.isPending} onClick={() => end.mutate({ path: { id: session.id } })}>End it</button>}
          </li>
        ))}
      </ul>
      {sessions.hasNextPage && <button disabled={sessions.isFetching} onClick={() => sessions.fetchNextPage()}>More</button>}
    </>
  );
}
