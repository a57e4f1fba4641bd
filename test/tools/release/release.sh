#!/usr/bin/env bash
# Makes a release of a commit: see README.md. Again with the same version, it replaces what it made.
#
#   release.sh VERSION [again]
set -euo pipefail
cd "$(dirname "$0")/../../.."
version=$1 again=${2:+-again} commit=$(git rev-parse HEAD)
test/tools/release/version.sh release "$version"
[[ -z $(git status --porcelain) ]] || { echo "What is released is a commit; this tree has changes (git status)" >&2; exit 1; }
trap 'echo "Not released; bundle/ and catalog/ are as they were" >&2; git checkout -q -- bundle catalog; git clean -fdq catalog' ERR
output=bin/release/$version
rm -rf "$output" && mkdir -p "$output"

test/tools/vulnerabilities/check.sh
bin/components licenses >/dev/null
digest=$(test/tools/release/image.sh "$version" "$commit" "$output/zen-lead")
bin/bundle record $again -version "$version" -commit "$commit" -image "ghcr.io/zen-lead/zen-lead@$digest" \
  -sbom "sha256:$(sha256sum <"$output/zen-lead.cdx.json" | cut -d' ' -f1)" \
  -created "$(TZ=UTC git show -s --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd "$commit")"
make --no-print-directory bundle
for variant in prometheus core; do
  bin/bundle record-bundle "$variant" "$(test/tools/release/bundle-image.sh "$variant" "record:$variant" "$output/record-$variant")"
  rm -r "$output/record-$variant"
done
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
catalog zen-lead-catalog:latest
END
echo "with the bill of materials, $output/zen-lead.cdx.json, and put the tag v$version on the commit that you make now: it is what docs/install.md tells users to build from"
