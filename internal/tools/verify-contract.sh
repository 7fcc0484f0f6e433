#!/usr/bin/env bash
# Fails if the document breaks clients of the last released one (openapi/released) without a new
# version: a higher minor version before 1.0, a higher major version later (semantic versioning).
# First it tests itself with changed copies.
set -euo pipefail
cd "$(dirname "$0")/../.."
released=openapi/released/openapi.yaml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
	echo "verify: $1" >&2
	exit 1
}

# version FILE. In the document of 0.1.0, examples refer to it by an anchor.
version() { sed -n '/^info:/,/^[^ i]/s/^  version: *\(&[a-z]* \)\{0,1\}\([0-9]*\.[0-9]*\.[0-9]*\)$/\2/p' "$1"; }

# allows_breaking OLD NEW
allows_breaking() {
	local old new
	IFS=. read -ra old <<<"$1"
	IFS=. read -ra new <<<"$2"
	((new[0] > old[0] || old[0] == 0 && new[0] == 0 && new[1] > old[1]))
}

# compatible FILE succeeds if FILE is compatible with the released document, or its version allows
# breaking changes.
compatible() {
	local old new
	old=$(version "$released")
	new=$(version "$1")
	[[ -n $old && -n $new ]] || fail "info.version of $1 or of $released is not like 1.2.3"
	if [[ $old != "$new" && $(printf '%s\n' "$old" "$new" | sort --version-sort | tail -1) == "$old" ]]; then
		echo "verify: the document has version $new, and $old has been released already" >&2
		return 1
	fi
	CGO_ENABLED=0 go tool -modfile=tools.mod oasdiff breaking "$released" "$1" \
		--flatten-allof --severity-levels openapi/severity.txt --format singleline --color never --fail-on ERR || allows_breaking "$old" "$new"
}

# renamed FILE VERSION is the released document with a renamed field.
renamed() {
	sed -e 's/\btax_id\b/vat_id/g' -e "/^info:/,/^[^ i]/s/^\(  version: .*\)$(version "$released")$/\1$2/" "$released" >"$1"
	cmp --silent "$released" "$1" && fail "the field to rename is no longer in $released"
	return 0
}

IFS=. read -r major minor patch <<<"$(version "$released")"
if ((major == 0)); then raised=0.$((minor + 1)).0; else raised=$((major + 1)).0.0; fi
renamed "$work/renamed.yaml" "$major.$minor.$((patch + 1))"
if compatible "$work/renamed.yaml" >"$work/log" 2>&1; then
	fail "a document with a renamed field passed as compatible"
fi
grep --quiet 'removed the required property `tax_id`' "$work/log" || fail "a renamed field was refused for another reason: $(cat "$work/log")"
renamed "$work/raised.yaml" "$raised"
compatible "$work/raised.yaml" >"$work/log" 2>&1 || fail "a renamed field was refused, though the version $raised says it: $(cat "$work/log")"

compatible openapi/openapi.yaml || fail "the document breaks clients of $(version "$released"): keep to it, or raise info.version in openapi/document.yaml and say it in CHANGELOG.md"
