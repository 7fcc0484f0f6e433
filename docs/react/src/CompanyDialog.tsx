import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type Company, type CompanyUpdate, isProblem } from '@tenantry/client';
import { useState } from 'react';

import { client, useQueries } from './api';
import { Dialog } from './Dialog';
import { Failure } from './Failure';
import { Field } from './Field';

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
  const [theirs, setTheirs] = useState<Company>();
  const values = { ...valuesOf(seen), ...changes };
  const queries = useQueries();
  const queryClient = useQueryClient();

  const save = useMutation({
    mutationFn: () =>
      seen
        ? client.api.updateCompany({ path: { id: seen.id }, body: bodyOf(changes), ifMatch: seen })
        : client.api.createCompany({ body: { ...bodyOf(changes), code: values.code, name: values.name } }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: queries.key('listCompanies') });
      close();
    },
    onError: async (error) => {
      if (seen && isProblem(error, 'stale_version')) {
        setTheirs(await client.api.getCompany({ path: { id: seen.id } }));
      }
    },
  });
  const decide = (kept: Partial<Values>) => {
    setSeen(theirs); // which the person has seen now
    setChanges(kept);
    setTheirs(undefined);
    save.reset();
  };

  const fields = isProblem(save.error) ? save.error.fields : {};
  const input = (name: keyof Values, label: string, pointer = `/${name}`) => (
    <Field
      label={label}
      name={name}
      value={values[name]}
      error={fields[pointer]}
      onChange={(event) => setChanges({ ...changes, [name]: event.target.value })}
    />
  );
  return (
    <Dialog title={company ? `Edit ${company.name}` : 'New company'} close={close}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        {input('code', 'Code')}
        {input('name', 'Name')}
        {input('phone', 'Phone')}
        {input('city', 'City', '/address/city')}
        <Failure of={save.error} />
        {theirs && <Conflict theirs={theirs} takeTheirs={() => decide({})} keepMine={() => decide(changes)} />}
        <button disabled={save.isPending || theirs !== undefined}>Save</button>
        <button type="button" onClick={close}>Cancel</button>
      </form>
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
