#!/usr/bin/env bash
# release.sh FOLDER [OS/ARCH ...] builds the files of a release in a new folder: a binary for each
# platform, the npm package, a list of the components in the binaries (SBOM, CycloneDX), and
# SHA256SUMS. Builds are reproducible: binaries of the same commit are identical. COMMIT is the
# commit; the default is that of git. ONLY_BINARIES=true builds only the binaries.
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() {
	echo "release: $1" >&2
	exit 1
}
[[ $# -gt 0 ]] || fail "the folder is missing"
folder=$(realpath --canonicalize-missing "$1")
shift
platforms=("$@")
((${#platforms[@]})) || platforms=(linux/amd64 linux/arm64 darwin/amd64 darwin/arm64)
[[ ! -e $folder ]] || fail "$folder exists already"
mkdir -p "$folder"

commit=${COMMIT:-$(git rev-parse --short=12 HEAD)$([[ -z $(git status --porcelain) ]] || echo -changed)}
version=$(sed -n '/^info:/,/^[^ i]/s/^  version: *\(&[a-z]* \)\{0,1\}\([0-9]*\.[0-9]*\.[0-9]*\)$/\2/p' openapi/openapi.yaml)
[[ -n $version ]] || fail "info.version of the document is not like 1.2.3"
[[ $(sed -n 's/^  "version": "\(.*\)",$/\1/p' gen/typescript/package.json) == "$version" ]] || fail "the npm package doesn't have the version $version of the document"

for platform in "${platforms[@]}"; do
	binary=$folder/tenantry-$version-${platform/\//-}
	CGO_ENABLED=0 GOOS=${platform%/*} GOARCH=${platform#*/} GOFLAGS=-mod=readonly go build -trimpath -buildvcs=false \
		-ldflags="-s -w -X github.com/tenantry/tenantry/internal/app.commit=$commit" -o "$binary" ./cmd/tenantry
	[[ ${ONLY_BINARIES:-} != true ]] || continue
	CGO_ENABLED=0 go tool -modfile=tools.mod cyclonedx-gomod bin -json -std -noserial -notimestamp -version "v$version" -output "$binary.cdx.json" "$binary" 2>/dev/null
done
[[ ${ONLY_BINARIES:-} != true ]] || exit 0
npm ci --prefix gen/typescript --silent --ignore-scripts --no-audit --no-fund
(cd gen/typescript && npm pack --silent --pack-destination "$folder" >/dev/null)
cp LICENSE "$folder"
(cd "$folder" && sha256sum -- * >SHA256SUMS)
