#!/usr/bin/env bash
# Makes a release of a commit: see README.md. Again with the same version, it replaces what it made.
#
#   release.sh VERSION COMMIT
set -euo pipefail
cd "$(dirname "$0")/../../.."
version=$1 commit=$(git rev-parse --verify "$2^{commit}")
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "VERSION must be like 1.2.3, not \"$version\"" >&2; exit 1; }
output=bin/release/$version
rm -rf "$output" && mkdir -p "$output"

digest=$(test/tools/release/image.sh "$version" "$commit" "$output/zen-lead")
bin/bundle record -version "$version" -commit "$commit" -image "ghcr.io/zen-lead/zen-lead@$digest" \
  -created "$(TZ=UTC git show -s --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd "$commit")"
make --no-print-directory bundle
make --no-print-directory catalog
test/tools/release/submission.sh "$output"

echo "Released $version of ${commit:0:12} into $output. Commit bundle/ and catalog/, then publish:"
while read -r layout tag; do
  echo "  skopeo copy --all oci:$output/$layout docker://ghcr.io/zen-lead/$tag"
done <<END
zen-lead zen-lead:$version
bundle-prometheus zen-lead-bundle:$version
bundle-core zen-lead-bundle:$version-core
catalog zen-lead-catalog:$version
END
