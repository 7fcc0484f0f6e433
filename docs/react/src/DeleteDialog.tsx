import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type Company, type DeletionPreview } from '@tenantry/client';

import { client, useClientQueries } from './api';
import { Dialog } from './Dialog';
import { Failure } from './Failure';

/** Shows what a deletion takes with it, and deletes. */
export function DeleteDialog({ company, close }: { company: Company; close: () => void }) {
  const path = { id: company.id };
  const queries = useClientQueries();
  const queryClient = useQueryClient();
  const preview = useQuery({
    queryKey: [...queries.key(), 'deletionOf', company.id],
    queryFn: ({ signal }) => client.api.deleteCompany({ path, query: { dry_run: true }, signal }),
    select: (result): DeletionPreview | undefined => (result.status === 200 ? result.body : undefined),
  });
  const remove = useMutation({
    mutationFn: () => client.remove('deleteCompany', { path, ifMatch: company }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: queries.key('listCompanies') }), // something may be gone after an error, too
  });
  return (
    <Dialog title={`Delete ${company.name}?`} close={close}>
      {preview.data && (
        <p id="preview">
          Deleted with it: branches {preview.data.branches}, departments {preview.data.departments}.{' '}
          Users who lose their place: {preview.data.users_detached}.
        </p>
      )}
      <Failure of={remove.error ?? preview.error} />
      <button disabled={!preview.data || remove.isPending} onClick={() => remove.mutate(undefined, { onSuccess: close })}>Delete it</button>
      <button onClick={close}>Cancel</button>
    </Dialog>
  );
}
