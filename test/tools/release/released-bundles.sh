#!/usr/bin/env bash
# Prints the folder with the newest release's bundles as they were released: bundle/ itself or, where that has changed since, what the commit
# that recorded the release has.
#
#   released-bundles.sh SCRATCH
set -euo pipefail
cd "$(dirname "$0")/../../.."
scratch=$1
recorded=$(bin/bundle show core)
if [[ -z $recorded || $recorded == "$(test/tools/release/bundle-image.sh core "check:core" "$scratch/check-core")" &&
  $(bin/bundle show prometheus) == "$(test/tools/release/bundle-image.sh prometheus "check:prometheus" "$scratch/check-prometheus")" ]]; then
  echo bundle
  exit
fi
commit=$(git log -1 --format=%H -S"$recorded" -- bundle/releases.yaml)
[[ -n $commit ]] || { echo "bundle/ is not what was released, and no commit has that" >&2; exit 1; }
rm -rf "$scratch/released" && mkdir -p "$scratch/released"
git archive "$commit" bundle | tar -x -C "$scratch/released"
echo "bundle/ has changed since $(bin/bundle show version) was released: the catalog offers that one, as released" >&2
echo "$scratch/released/bundle"
