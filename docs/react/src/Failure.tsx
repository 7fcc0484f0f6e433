import { isProblem, TenantryError } from '@tenantry/client';

/** What went wrong, for a person; nothing if nothing did. */
export function Failure({ of: error }: { of: unknown }) {
  if (error === undefined || error === null) {
    return null;
  }
  return <p role="alert">{error instanceof TenantryError ? error.detail : 'Something went wrong.'}</p>;
}
