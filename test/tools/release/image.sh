#!/usr/bin/env bash
# Builds the operator's image from a commit, for all platforms, and prints its digest. The same commit gives the same bytes: nothing of the
# working tree, the time or the machine goes in, and the Go toolchain is the one that its Dockerfile names. The image's bill of materials is
# written beside it, OUTPUT.cdx.json, by the commit's own program for that (0.1.0 and 0.2.0 had none).
#
#   image.sh VERSION COMMIT OUTPUT
set -euo pipefail
cd "$(dirname "$0")/../../.."
version=$1 commit=$(git rev-parse --verify "$2^{commit}") output=$3
short=${commit:0:12}
dockerfile=$commit
git cat-file -e "$commit:Dockerfile" 2>/dev/null || dockerfile=8f00d8cc3e1a # 0.1.0 had none: it was built as 0.2.0
SOURCE_DATE_EPOCH=$(git show -s --format=%ct "$commit")
GOTOOLCHAIN=$(test/tools/release/toolchain.sh "$dockerfile")
export SOURCE_DATE_EPOCH GOTOOLCHAIN GOFLAGS=-buildvcs=false GOWORK=off

source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
git archive "$commit" | tar -x -C "$source"
for architecture in amd64 arm64; do
  GOOS=linux GOARCH=$architecture make --no-print-directory -C "$source" build VERSION="$version" COMMIT="$short" >&2
  mv "$source/bin/zen-lead" "$source/zen-lead-$architecture"
done
git show "$dockerfile:Dockerfile" >"$source/Dockerfile"
repository=ghcr.io/zen-lead/zen-lead
digest=$(DOCKERFILE=$source/Dockerfile test/tools/release/operator-image.sh "$version" "$short" "$source/zen-lead-{arch}" "$repository:$version" "$output")

if [[ -d $source/test/tools/components ]]; then
  CGO_ENABLED=0 go -C "$source/test/tools/components" build -o "$source/components" .
  (cd "$source" && ./components sbom -version "$version" -image "$repository@$digest" \
    -created "$(TZ=UTC date -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)" zen-lead-amd64 zen-lead-arm64) >"$output.cdx.json"
fi
echo "$digest"
