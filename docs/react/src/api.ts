import { browserStore, createClient } from '@tenantry/client';
import { queriesOf } from '@tenantry/client/tanstack';
import { useSyncExternalStore } from 'react';

export const client = createClient({ store: browserStore() });

/** The id of the user who is logged in, in this tab or another, or null. */
export function useUserId(): string | null {
  return useSyncExternalStore(client.onUserChange, () => client.userId);
}

/** The queries of the user who is logged in. Their keys have the user's id: what one user saw isn't shown to the next. */
export function useClientQueries() {
  useUserId();
  return queriesOf(client);
}
