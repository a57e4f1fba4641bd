#!/usr/bin/env bash
# Makes the operator's images that the suite has OLM install, into bin/olm-images: 0.1.0 from the commit that it was released from, and
# 0.2.0 from this tree. They are for this machine's platform alone, so their digests are not those of a release.
set -euo pipefail
cd "$(dirname "$0")/../.."
directory=$PWD/bin/olm-images
mkdir -p "$directory"

image() { # version, commit, source tree
  (cd "$3" && CGO_ENABLED=0 go build -trimpath -buildvcs=false -tags grpcnotrace \
    -ldflags "-s -w -X main.version=$1 -X main.commit=$2" -o "$directory/zen-lead-$1" ./cmd/zen-lead)
  bin/image -tag "ghcr.io/zen-lead/zen-lead:$1" -entrypoint /zen-lead -output "$directory/zen-lead-$1.tar" "$directory/zen-lead-$1=/zen-lead"
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
