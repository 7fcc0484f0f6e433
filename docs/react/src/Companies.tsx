import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import type { Company } from '@tenantry/client';
import { useState } from 'react';

import { useQueries } from './api';
import { CompanyDialog } from './CompanyDialog';
import { DeleteDialog } from './DeleteDialog';
import { Failure } from './Failure';

export function Companies() {
  const [q, setQ] = useState('');
  const [dialog, setDialog] = useState<{ edit: Company } | { remove: Company } | { create: true }>();
  const queries = useQueries();
  const list = useInfiniteQuery({
    ...queries.infinite('listCompanies', { query: { sort: 'name', ...(q !== '' && { q }) } }),
    placeholderData: keepPreviousData,
  });
  const close = () => setDialog(undefined);
  return (
    <>
      <h1>Companies</h1>
      <label>Search <input id="search" type="search" value={q} onChange={(event) => setQ(event.target.value)} /></label>
      <button onClick={() => setDialog({ create: true })}>New company</button>
      <Failure of={list.error} />
      <table id="companies" aria-busy={list.isFetching}>
        <thead>
          <tr><th>Code</th><th>Name</th><th>Phone</th><th><span className="hidden">Actions</span></th></tr>
        </thead>
        <tbody>
          {list.data?.pages.flatMap((page) => page.items).map((company) => (
            <tr key={company.id} data-code={company.code}>
              <td>{company.code}</td>
              <td>{company.name}</td>
              <td>{company.phone}</td>
              <td>
                <button onClick={() => setDialog({ edit: company })}>Edit</button>
                <button onClick={() => setDialog({ remove: company })}>Delete</button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {list.hasNextPage && <button disabled={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>More</button>}
      {dialog && 'create' in dialog && <CompanyDialog close={close} />}
      {dialog && 'edit' in dialog && <CompanyDialog company={dialog.edit} close={close} />}
      {dialog && 'remove' in dialog && <DeleteDialog company={dialog.remove} close={close} />}
    </>
  );
}
