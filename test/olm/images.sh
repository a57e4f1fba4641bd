#!/usr/bin/env bash
# Makes the operator's images that the suite has OLM install, into bin/olm-images: 0.1.0 from the commit that it was released from, and
# 0.2.0 from this tree. They are for this machine's platform alone, so their digests are not those of a release.
set -euo pipefail
cd "$(dirname "$0")/../.."
directory=$PWD/bin/olm-images
mkdir -p "$directory"

image() { # version, commit, source tree
  make --no-print-directory -C "$3" build VERSION="$1" COMMIT="$2" BIN="$directory/$1"
  bin/image -tag "ghcr.io/zen-lead/zen-lead:$1" -entrypoint /zen-lead -output "$directory/zen-lead-$1.tar" "$directory/$1/zen-lead=/zen-lead"
}

first=0.1.0
commit=$(bin/bundle show -version "$first" commit)
if [[ ! -e $directory/zen-lead-$first-$commit ]]; then
  sources=$(mktemp -d)
  trap 'rm -rf "$sources"' EXIT
  git archive "$commit" | tar -x -C "$sources"
  image "$first" "$commit" "$sources"
  touch "$directory/zen-lead-$first-$commit" # what was released does not change
fi
image 0.2.0 "$(git rev-parse --short=12 HEAD)" .
