#!/bin/sh
# Downloads the released files of Swagger UI and ReDoc that internal/pages serves, and stores them
# compressed, with their licences and checksums; and axe-core, with which tests check accessibility.
# To update a package, change its version here. The script then prints the new SHA-256; compare it
# with npm view NAME@VERSION dist, and insert it.
set -eu
cd "$(dirname "$0")/../.."
target=internal/pages/thirdparty

swagger=swagger-ui-dist-5.35.0
swagger_sum=1b8e891893404ea4c3558b6a87e2a3e494e7eedba41168c2ece5800a391a6ea6
redoc=redoc-2.5.4
redoc_sum=44922df4d0eb45c1b066c09ec251e6bd9bd7ded16bc69e87613337b9d911a56e
axe=axe-core-4.14.1
axe_sum=e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745

# ReDoc loads its maker's logo from another host. The script replaces it by an empty picture; the
# link stays.
logo='https://cdn.redoc.ly/redoc/logo-mini.svg'
empty='data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22/%3E'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# No code of the packages is run.
fetch() { # NAME-VERSION SUM
	npm pack --silent --ignore-scripts --pack-destination "$work" "$(echo "$1" | sed 's/-\([0-9.]*\)$/@\1/')" >"$work/log"
	echo "$2  $work/$1.tgz" | sha256sum --check --quiet
	mkdir "$work/$1"
	tar -xzf "$work/$1.tgz" -C "$work/$1" --strip-components 1
}

fetch "$swagger" "$swagger_sum"
fetch "$redoc" "$redoc_sum"
fetch "$axe" "$axe_sum"
gzip -9 -n -c "$work/$axe/axe.min.js" >internal/pages/testdata/axe.min.js.gz # has its licence in it

out=$work/out
mkdir "$out"
cp "$work/$swagger/swagger-ui-bundle.js" "$work/$swagger/swagger-ui.css" "$out"
sed "s|$logo|$empty|" "$work/$redoc/bundles/redoc.standalone.js" >"$out/redoc.standalone.js"
if ! grep -q "$logo" "$work/$redoc/bundles/redoc.standalone.js"; then
	echo "update-pages: ReDoc has no logo of another host any more: look what it has instead" >&2
	exit 1
fi
for file in \
	"$swagger/LICENSE" "$swagger/NOTICE" "$swagger/swagger-ui-bundle.js.LICENSE.txt" \
	"$redoc/LICENSE" "$redoc/bundles/redoc.standalone.js.LICENSE.txt"; do
	printf '==== %s ====\n\n' "$file"
	cat "$work/$file"
	printf '\n\n'
done >"$out/licences.txt"

rm -f "$target"/*
(cd "$out" && sha256sum -- *) >"$target/SHA256SUMS"
for file in "$out"/*; do
	gzip -9 -n -c "$file" >"$target/$(basename "$file").gz"
done
