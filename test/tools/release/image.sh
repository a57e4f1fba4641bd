#!/usr/bin/env bash
# Builds the operator's image from a commit, for all platforms, and prints its digest. The same commit gives the same bytes: nothing of the
# working tree, the time or the machine goes in, and the Go toolchain is the one that go.mod names for releases.
#
#   image.sh VERSION COMMIT OUTPUT
set -euo pipefail
cd "$(dirname "$0")/../../.."
version=$1 commit=$(git rev-parse --verify "$2^{commit}") output=$3
short=${commit:0:12}
dockerfile=$commit:Dockerfile
git cat-file -e "$dockerfile" 2>/dev/null || dockerfile=HEAD:Dockerfile # 0.1.0 had none
toolchain=$(git show "$dockerfile" | sed -n 's/^FROM .*golang:\([0-9.]*\) .*/go\1/p') # one place for both ways
SOURCE_DATE_EPOCH=$(git show -s --format=%ct "$commit")
export SOURCE_DATE_EPOCH GOTOOLCHAIN=$toolchain GOFLAGS=-buildvcs=false GOWORK=off

source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
git archive "$commit" | tar -x -C "$source"
for architecture in amd64 arm64; do
  GOOS=linux GOARCH=$architecture make --no-print-directory -C "$source" build VERSION="$version" COMMIT="$short" >&2
  mv "$source/bin/zen-lead" "$source/zen-lead-$architecture"
done
git show "$dockerfile" >"$source/Dockerfile"
DOCKERFILE=$source/Dockerfile test/tools/release/operator-image.sh "$version" "$short" "$source/zen-lead-{arch}" "ghcr.io/zen-lead/zen-lead:$version" "$output"
