#!/usr/bin/env bash
# Builds a release for one platform twice, in two folders. Fails unless the binaries are identical,
# the checksums are right, the SBOM lists the components of the binary, and the npm package can be
# imported.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
	echo "verify: $1" >&2
	exit 1
}
platform=$(go env GOHOSTOS)/$(go env GOHOSTARCH)
export COMMIT=verification
internal/tools/release.sh "$work/first" "$platform"
mkdir "$work/copy"
tar --create --exclude=node_modules --exclude=./.git --exclude=./data --exclude=./bin . | tar --extract --directory "$work/copy"
ONLY_BINARIES=true "$work/copy/internal/tools/release.sh" "$work/second" "$platform"

cd "$work/first"
binary=$(echo tenantry-*-"${platform/\//-}")
cmp "$binary" "$work/second/$binary" || fail "the binaries of two folders differ"
sha256sum --check --quiet SHA256SUMS || fail "the checksums don't fit"
[[ $(wc -l <SHA256SUMS) == 4 ]] || fail "a release for one platform has four files, and these have checksums: $(<SHA256SUMS)"
"./$binary" version | grep -q "commit $COMMIT" || fail "the binary doesn't name its commit"
for part in github.com/labstack/echo/v4 github.com/jackc/pgx/v5 std; do
	jq --exit-status --arg part "$part" '.bomFormat == "CycloneDX" and any(.components[]; .name == $part and .version != "" and .purl != "")' \
		"$binary.cdx.json" >/dev/null || fail "the list of parts lacks $part"
done
tar --extract --gzip --file tenantry-client-*.tgz
for file in package/dist/index.js package/dist/index.d.ts package/README.md; do
	[[ -s $file ]] || fail "the npm package lacks $file"
done
node --input-type=module --eval "await import('./package/dist/index.js')" || fail "the npm package can't be imported"
