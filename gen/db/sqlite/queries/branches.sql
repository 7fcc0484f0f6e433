-- name: InsertBranch :exec
INSERT INTO branches (
    tenant_id, id, company_id, code, name, name_key, email, phone,
    address_line1, address_line2, city, state, postal_code, country,
    latitude, longitude, is_headquarters, is_active, search_text, created_at, updated_at, version
) VALUES (
    sqlc.arg(tenant_id), sqlc.arg(id), sqlc.arg(company_id), sqlc.arg(code), sqlc.arg(name), sqlc.arg(name_key), sqlc.narg(email), sqlc.narg(phone),
    sqlc.narg(address_line1), sqlc.narg(address_line2), sqlc.narg(city), sqlc.narg(state), sqlc.narg(postal_code), sqlc.narg(country),
    sqlc.narg(latitude), sqlc.narg(longitude), sqlc.arg(is_headquarters), sqlc.arg(is_active), sqlc.arg(search_text), sqlc.arg(created_at), sqlc.arg(updated_at), sqlc.arg(version)
);

-- name: GetBranch :one
SELECT * FROM branches
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id);

-- Compare and swap: 0 rows when the branch is gone or has another version by now.
-- name: UpdateBranch :execrows
UPDATE branches
SET code = sqlc.arg(code), name = sqlc.arg(name), name_key = sqlc.arg(name_key), email = sqlc.narg(email), phone = sqlc.narg(phone),
    address_line1 = sqlc.narg(address_line1), address_line2 = sqlc.narg(address_line2), city = sqlc.narg(city),
    state = sqlc.narg(state), postal_code = sqlc.narg(postal_code), country = sqlc.narg(country),
    latitude = sqlc.narg(latitude), longitude = sqlc.narg(longitude), is_headquarters = sqlc.arg(is_headquarters), is_active = sqlc.arg(is_active),
    search_text = sqlc.arg(search_text), updated_at = sqlc.arg(updated_at), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND version = sqlc.arg(version);

-- name: DeleteBranch :execrows
DELETE FROM branches
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND version = sqlc.arg(version);

-- name: ListBranchesByCreatedAt :many
SELECT *
FROM branches
WHERE tenant_id = sqlc.arg(tenant_id)
  AND (created_at > sqlc.arg(after_created_at) OR id > sqlc.arg(after_id))
  AND (created_at, id) > (sqlc.arg(after_created_at), sqlc.arg(after_id))
  AND (code = sqlc.narg(code) OR sqlc.narg(code) IS NULL)
  AND (company_id = sqlc.narg(company_id) OR sqlc.narg(company_id) IS NULL)
  AND (country = sqlc.narg(country) OR sqlc.narg(country) IS NULL)
  AND (is_headquarters = sqlc.narg(is_headquarters) OR sqlc.narg(is_headquarters) IS NULL)
  AND (is_active = sqlc.narg(is_active) OR sqlc.narg(is_active) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL)
ORDER BY created_at, id
LIMIT sqlc.arg('limit');

-- name: ListBranchesByCreatedAtDesc :many
SELECT *
FROM branches
WHERE tenant_id = sqlc.arg(tenant_id)
  AND (created_at < sqlc.arg(after_created_at) OR id < sqlc.arg(after_id))
  AND (created_at, id) < (sqlc.arg(after_created_at), sqlc.arg(after_id))
  AND (code = sqlc.narg(code) OR sqlc.narg(code) IS NULL)
  AND (company_id = sqlc.narg(company_id) OR sqlc.narg(company_id) IS NULL)
  AND (country = sqlc.narg(country) OR sqlc.narg(country) IS NULL)
  AND (is_headquarters = sqlc.narg(is_headquarters) OR sqlc.narg(is_headquarters) IS NULL)
  AND (is_active = sqlc.narg(is_active) OR sqlc.narg(is_active) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL)
ORDER BY created_at DESC, id DESC
LIMIT sqlc.arg('limit');

-- name: ListBranchesByName :many
SELECT *
FROM branches
WHERE tenant_id = sqlc.arg(tenant_id)
  AND (name_key > sqlc.arg(after_name_key) OR id > sqlc.arg(after_id))
  AND (name_key, id) > (sqlc.arg(after_name_key), sqlc.arg(after_id))
  AND (code = sqlc.narg(code) OR sqlc.narg(code) IS NULL)
  AND (company_id = sqlc.narg(company_id) OR sqlc.narg(company_id) IS NULL)
  AND (country = sqlc.narg(country) OR sqlc.narg(country) IS NULL)
  AND (is_headquarters = sqlc.narg(is_headquarters) OR sqlc.narg(is_headquarters) IS NULL)
  AND (is_active = sqlc.narg(is_active) OR sqlc.narg(is_active) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL)
ORDER BY name_key, id
LIMIT sqlc.arg('limit');

-- name: ListBranchesByNameDesc :many
SELECT *
FROM branches
WHERE tenant_id = sqlc.arg(tenant_id)
  AND (name_key < sqlc.arg(after_name_key) OR id < sqlc.arg(after_id))
  AND (name_key, id) < (sqlc.arg(after_name_key), sqlc.arg(after_id))
  AND (code = sqlc.narg(code) OR sqlc.narg(code) IS NULL)
  AND (company_id = sqlc.narg(company_id) OR sqlc.narg(company_id) IS NULL)
  AND (country = sqlc.narg(country) OR sqlc.narg(country) IS NULL)
  AND (is_headquarters = sqlc.narg(is_headquarters) OR sqlc.narg(is_headquarters) IS NULL)
  AND (is_active = sqlc.narg(is_active) OR sqlc.narg(is_active) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL)
ORDER BY name_key DESC, id DESC
LIMIT sqlc.arg('limit');

-- name: CountBranches :one
SELECT count(*)
FROM branches
WHERE tenant_id = sqlc.arg(tenant_id)
  AND (code = sqlc.narg(code) OR sqlc.narg(code) IS NULL)
  AND (company_id = sqlc.narg(company_id) OR sqlc.narg(company_id) IS NULL)
  AND (country = sqlc.narg(country) OR sqlc.narg(country) IS NULL)
  AND (is_headquarters = sqlc.narg(is_headquarters) OR sqlc.narg(is_headquarters) IS NULL)
  AND (is_active = sqlc.narg(is_active) OR sqlc.narg(is_active) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL);

-- What a company is deleted with: the next branches, and the deletion up to the last of them.
-- name: ListBranchesOfCompany :many
SELECT * FROM branches
WHERE tenant_id = sqlc.arg(tenant_id) AND company_id = sqlc.arg(company_id)
ORDER BY id
LIMIT sqlc.arg('limit');

-- name: DeleteBranchesOfCompany :execrows
DELETE FROM branches
WHERE tenant_id = sqlc.arg(tenant_id) AND company_id = sqlc.arg(company_id) AND id <= sqlc.arg(last_id);

-- name: ListBranchNodes :many
SELECT id, company_id, code, name, is_headquarters, is_active
FROM branches
WHERE tenant_id = sqlc.arg(tenant_id) AND (company_id = sqlc.narg(company_id) OR sqlc.narg(company_id) IS NULL)
ORDER BY name_key, id
LIMIT sqlc.arg('limit');
