import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type Company, type CompanyUpdate, isProblem } from '@tenantry/client';
import { useState } from 'react';

import { client, useClientQueries } from './api';
import { Dialog } from './Dialog';
import { Field } from './Field';
import { Form } from './Form';

type Values = Record<'code' | 'name' | 'phone' | 'city', string>;

const valuesOf = (company?: Company): Values => ({
  code: company?.code ?? '',
  name: company?.name ?? '',
  phone: company?.phone ?? '',
  city: company?.address?.city ?? '',
});

/** Only what the person changed is sent, so that it can be put on top of what others have saved. */
const bodyOf = ({ phone, city, ...rest }: Partial<Values>): CompanyUpdate => ({
  ...rest,
  ...(phone !== undefined && { phone: phone || null }),
  ...(city !== undefined && { address: { city: city || null } }),
});

/** Edits a company, or makes one. */
export function CompanyDialog({ company, close }: { company?: Company; close: () => void }) {
  // The row that the person saw. Refetches change the list behind the dialog, but not this.
  const [seen, setSeen] = useState(company);
  const [changes, setChanges] = useState<Partial<Values>>({});
  const values = { ...valuesOf(seen), ...changes };
  const queries = useClientQueries();
  const queryClient = useQueryClient();

  const read = useMutation({ mutationFn: client.api.getCompany });
  const theirs = read.data; // what another person has saved meanwhile
  const save = useMutation({
    mutationFn: () =>
      seen
        ? client.api.updateCompany({ path: { id: seen.id }, body: bodyOf(changes), ifMatch: seen })
        : client.api.createCompany({ body: { ...bodyOf(changes), code: values.code, name: values.name } }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queries.key('listCompanies') }),
    onError: (error) => {
      if (seen && isProblem(error, 'stale_version')) {
        read.mutate({ path: { id: seen.id } });
      }
    },
  });
  const decide = (kept: Partial<Values>) => {
    setSeen(theirs); // which the person has seen now
    setChanges(kept);
    read.reset();
    save.reset();
  };

  const fields = isProblem(save.error) ? save.error.fields : {};
  const input = (name: keyof Values, label: string, pointer = `/${name}`) => (
    <Field
      label={label}
      name={name}
      value={values[name]}
      error={fields[pointer]}
      onChange={(event) => setChanges((before) => ({ ...before, [name]: event.target.value }))}
    />
  );
  return (
    <Dialog title={company ? `Edit ${company.name}` : 'New company'} close={close}>
      <Form
        error={read.error ?? save.error}
        submit={() => save.mutate(undefined, { onSuccess: close })} // not called if the dialog is gone by then
        buttons={
          <>
            {theirs && <Conflict theirs={theirs} takeTheirs={() => decide({})} keepMine={() => decide(changes)} />}
            <button disabled={save.isPending || read.isPending || theirs !== undefined}>Save</button>
            <button type="button" onClick={close}>Cancel</button>
          </>
        }
      >
        {input('code', 'Code')}
        {input('name', 'Name')}
        {input('phone', 'Phone')}
        {input('city', 'City', '/address/city')}
      </Form>
    </Dialog>
  );
}

interface ConflictProps {
  theirs: Company;
  takeTheirs: () => void;
  keepMine: () => void;
}

/** Shows what another person has saved meanwhile, and lets this one decide. */
function Conflict({ theirs, takeTheirs, keepMine }: ConflictProps) {
  const { code, name, phone, city } = valuesOf(theirs);
  return (
    <section id="conflict" aria-label="Conflict">
      <p>Saved meanwhile:</p>
      <dl>
        <dt>Code</dt><dd>{code}</dd>
        <dt>Name</dt><dd>{name}</dd>
        <dt>Phone</dt><dd>{phone}</dd>
        <dt>City</dt><dd>{city}</dd>
      </dl>
      <button type="button" onClick={takeTheirs}>Use theirs</button>
      <button type="button" onClick={keepMine}>Keep mine</button>
    </section>
  );
}
