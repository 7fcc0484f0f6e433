-- name: InsertCompany :exec deferred
INSERT INTO companies (
    tenant_id, id, code, name, name_key, description, email, phone, website,
    address_line1, address_line2, city, state, postal_code, country,
    tax_id, registration_number, is_active, search_text, created_at, updated_at, version, lock_count
) VALUES (
    sqlc.arg(tenant_id), sqlc.arg(id), sqlc.arg(code), sqlc.arg(name), sqlc.arg(name_key), sqlc.narg(description), sqlc.narg(email), sqlc.narg(phone), sqlc.narg(website),
    sqlc.narg(address_line1), sqlc.narg(address_line2), sqlc.narg(city), sqlc.narg(state), sqlc.narg(postal_code), sqlc.narg(country),
    sqlc.narg(tax_id), sqlc.narg(registration_number), sqlc.arg(is_active), sqlc.arg(search_text), sqlc.arg(created_at), sqlc.arg(updated_at), sqlc.arg(version), sqlc.arg(lock_count)
);

-- name: GetCompany :one
SELECT * FROM companies
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id);

-- Compare and swap: 0 rows when the company is gone or has another version by now.
-- name: UpdateCompany :execrows
UPDATE companies
SET code = sqlc.arg(code), name = sqlc.arg(name), name_key = sqlc.arg(name_key), description = sqlc.narg(description),
    email = sqlc.narg(email), phone = sqlc.narg(phone), website = sqlc.narg(website),
    address_line1 = sqlc.narg(address_line1), address_line2 = sqlc.narg(address_line2), city = sqlc.narg(city),
    state = sqlc.narg(state), postal_code = sqlc.narg(postal_code), country = sqlc.narg(country),
    tax_id = sqlc.narg(tax_id), registration_number = sqlc.narg(registration_number), is_active = sqlc.arg(is_active),
    search_text = sqlc.arg(search_text), updated_at = sqlc.arg(updated_at), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND version = sqlc.arg(version);

-- name: DeleteCompany :execrows
DELETE FROM companies
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND version = sqlc.arg(version);

-- Locks a company as LockTenant locks a tenant. 0 rows when the company is gone.
-- name: LockCompany :execrows
UPDATE companies SET lock_count = lock_count + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id);

-- Locks the company of a branch. 0 rows when the branch is gone.
-- name: LockCompanyOfBranch :execrows
UPDATE companies SET lock_count = lock_count + 1
WHERE companies.tenant_id = sqlc.arg(tenant_id)
  AND companies.id = (SELECT b.company_id FROM branches b WHERE b.tenant_id = sqlc.arg(tenant_id) AND b.id = sqlc.arg(id));

-- Locks the company of a department. 0 rows when the department is gone.
-- name: LockCompanyOfDepartment :execrows
UPDATE companies SET lock_count = lock_count + 1
WHERE companies.tenant_id = sqlc.arg(tenant_id)
  AND companies.id = (SELECT d.company_id FROM departments d WHERE d.tenant_id = sqlc.arg(tenant_id) AND d.id = sqlc.arg(id));

-- name: ListCompanies :list created_at, name_key AS name
SELECT * FROM companies
WHERE tenant_id = sqlc.arg(tenant_id)
  AND optional(code = sqlc.narg(code))
  AND optional(country = sqlc.narg(country))
  AND optional(is_active = sqlc.narg(is_active))
  AND search(search_text LIKE sqlc.narg(pattern));

-- name: ListCompanyNodes :many
SELECT id, code, name, is_active
FROM companies
WHERE tenant_id = sqlc.arg(tenant_id) AND optional(id = sqlc.narg(company_id))
ORDER BY name_key, id
LIMIT sqlc.arg('limit');
