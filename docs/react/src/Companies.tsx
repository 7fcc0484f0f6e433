import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import type { Company } from '@tenantry/client';
import { useState } from 'react';

import { useClientQueries } from './api';
import { CompanyDialog } from './CompanyDialog';
import { DeleteDialog } from './DeleteDialog';
import { Failure } from './Failure';
import { useDebounced } from './useDebounced';

export function Companies() {
  const [typed, setTyped] = useState('');
  const q = useDebounced(typed.trim(), 300); // or each key would count as a request against the limit
  const [dialog, setDialog] = useState<{ edit: Company } | { remove: Company } | { create: true }>();
  const queries = useClientQueries();
  const list = useInfiniteQuery({
    ...queries.infinite('listCompanies', { query: { sort: 'name', ...(q !== '' && { q }) } }),
    placeholderData: keepPreviousData,
  });
  const close = () => setDialog(undefined);
  return (
    <>
      <h1>Companies</h1>
      <label>Search <input id="search" type="search" value={typed} onChange={(event) => setTyped(event.target.value)} /></label>
      <button onClick={() => setDialog({ create: true })}>New company</button>
      <Failure of={list.error} />
      <table id="companies" aria-busy={list.isFetching}>
        <thead>
          <tr><th scope="col">Code</th><th scope="col">Name</th><th scope="col">Phone</th><th scope="col"><span className="hidden">Actions</span></th></tr>
        </thead>
        <tbody>
          {list.data?.pages.flatMap((page) => page.items).map((company) => (
            <tr key={company.id} data-code={company.code}>
              <td>{company.code}</td>
              <td>{company.name}</td>
              <td>{company.phone}</td>
              <td>
                <button aria-label={`Edit ${company.name}`} onClick={() => setDialog({ edit: company })}>Edit</button>
                <button aria-label={`Delete ${company.name}`} onClick={() => setDialog({ remove: company })}>Delete</button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {list.data?.pages[0]?.items.length === 0 && <p role="status">No companies.</p>}
      {list.hasNextPage && <button disabled={list.isFetching} onClick={() => list.fetchNextPage()}>More</button>}
      {dialog && 'create' in dialog && <CompanyDialog close={close} />}
      {dialog && 'edit' in dialog && <CompanyDialog company={dialog.edit} close={close} />}
      {dialog && 'remove' in dialog && <DeleteDialog company={dialog.remove} close={close} />}
    </>
  );
}
