#!/usr/bin/env bash
# Builds a recorded release's image again, from its commit, and compares its digest with the recorded one, and that of its bill of materials.
#
#   verify.sh VERSION
set -euo pipefail
cd "$(dirname "$0")/../../.."
recorded=$(bin/bundle show -version "$1" image) # an assignment of its own each, or a failure goes on
commit=$(bin/bundle show -version "$1" commit)
sbom=$(bin/bundle show -version "$1" sbom)
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
built=ghcr.io/zen-lead/zen-lead@$(test/tools/release/image.sh "$1" "$commit" "$output/image")
if [[ $built != "$recorded" ]]; then
  echo "$1 was recorded as $recorded, but commit $commit builds $built" >&2
  exit 1
fi
if [[ -n $sbom && $sbom != "sha256:$(sha256sum <"$output/image.cdx.json" | cut -d' ' -f1)" ]]; then
  echo "The bill of materials of $1 was recorded as $sbom, but commit $commit gives another" >&2
  exit 1
fi
echo "$1 is what commit ${commit:0:12} builds: $recorded"
