#!/usr/bin/env bash
# Builds a recorded release's image again, from its commit, and compares its digest with the recorded one.
#
#   verify.sh VERSION
set -euo pipefail
cd "$(dirname "$0")/../../.."
recorded=$(bin/bundle show -version "$1" image) commit=$(bin/bundle show -version "$1" commit)
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
built=ghcr.io/zen-lead/zen-lead@$(test/tools/release/image.sh "$1" "$commit" "$output/image")
if [[ $built != "$recorded" ]]; then
  echo "$1 was recorded as $recorded, but commit $commit builds $built" >&2
  exit 1
fi
echo "$1 is what commit ${commit:0:12} builds: $recorded"
