#!/usr/bin/env bash
# Writes what others are given: manifests for kubectl, and the tree for github.com/k8s-operatorhub/community-operators.
#
#   submission.sh OUTPUT
set -euo pipefail
cd "$(dirname "$0")/../../.."
output=$1
version=$(bin/bundle show version) image=$(bin/bundle show image)
mkdir -p "$output/install"
for overlay in default cluster-wide; do
  bin/bundle manifests -version "$version" -image "$image" "config/$overlay" >"$output/install/$overlay.yaml"
done

operator=$output/community-operators/operators/zen-lead
mkdir -p "$operator"
cat >"$operator/ci.yaml" <<END
# Upgrades follow spec.replaces and olm.skipRange of the bundles.
updateGraph: replaces-mode
reviewers: []
END
for variant in prometheus core; do
  target=$operator/$version
  [[ $variant == core ]] && target=$operator/$version-core
  cp -r "bundle/$variant" "$target"
  bin/bundle validate "$target"
done
