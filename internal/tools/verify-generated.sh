#!/usr/bin/env bash
# Works in a copy, so that the working tree stays unchanged. Fails if
# - gen/ or openapi/openapi.yaml isn't up to date,
# - storegen accepts a query without a tenant,
# - storegen accepts a column that may be null on only two engines.
set -euo pipefail
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
tar --create --exclude=./.git --exclude=./bin --exclude=./data --exclude=node_modules . | tar --extract --directory "$copy"
rm -rf "$copy"/gen/api/*.gen.go "$copy"/gen/contract "$copy"/gen/db "$copy"/gen/migrations "$copy"/gen/typescript/src/generated
root=$PWD
cd "$copy"
sqlc() { CGO_ENABLED=0 go tool -modfile=tools.mod sqlc "$@"; }
fail() {
	echo "verify: $1" >&2
	exit 1
}

make --silent generate
diff --recursive --unified --exclude=node_modules --exclude=dist --exclude=build gen "$root/gen" || fail "gen/ is not what openapi/ and sql/ say: run make generate and commit the result"
diff --unified openapi/openapi.yaml "$root/openapi/openapi.yaml" || fail "openapi/openapi.yaml is not what its sources say: change those, run make generate and commit the result"

sqlc vet
storegen() { go run ./internal/tools/storegen "$@"; }
printf -- '-- name: ListAllCompanies :many\nSELECT id FROM companies ORDER BY id;\n' >sql/queries/leak.sql
if storegen querier 2>querier.log; then
	fail "storegen let a query on a tenant's table pass that has no tenant_id"
fi
grep --quiet 'leak.sql:1: ListAllCompanies' querier.log || fail "storegen failed for another reason: $(cat querier.log)"
rm sql/queries/leak.sql

sed -i.orig 's/^\( *phone  *varchar(32)\),$/\1 NOT NULL,/' gen/migrations/sqlite/*_create_companies.sql
rm gen/migrations/sqlite/*.orig
sqlc generate
if storegen querier 2>generate.log; then
	fail "a column that may be null on two engines only was generated"
fi
grep --quiet 'Company.Phone' generate.log || fail "storegen failed for another reason: $(cat generate.log)"
