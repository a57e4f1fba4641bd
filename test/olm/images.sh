#!/usr/bin/env bash
# Makes the images that the suite has OLM install, into bin/olm-images: the operator's 0.1.0 from the commit that it was released from, and
# the version after the newest release from this tree. They are for this machine's platform alone, so their digests are not those of a
# release. Besides, in the folder `released`, the newest release's images and bundles as they are shipped; and the images that OLM runs to
# unpack a bundle's.
set -euo pipefail
cd "$(dirname "$0")/../.."
directory=$PWD/bin/olm-images
mkdir -p "$directory/released"

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
newest=$(bin/bundle show version) commit=$(bin/bundle show commit)
IFS=. read -r major minor _ <<<"$newest"
image "$major.$((minor + 1)).0" "$(git rev-parse --short=12 HEAD)" .

if [[ ! -e $directory/released/$newest-$commit ]]; then
  echo "Building release $newest again from its commit, for both platforms..."
  test/tools/release/image.sh "$newest" "$commit" "$directory/released/zen-lead.tar" >/dev/null
  touch "$directory/released/$newest-$commit"
fi
bundles=$(test/tools/release/released-bundles.sh "$directory/released")
rm -rf "$directory/released/bundle"
cp -r "$bundles" "$directory/released/bundle"
test/tools/release/bundle-image.sh core "ghcr.io/zen-lead/zen-lead-bundle:$newest-core" "$directory/released/bundle-core.tar" \
  "$directory/released/bundle" >/dev/null

programs=$(dirname "$(go run ./test/tools/release/opm)")
CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$directory/cp" ./test/olm/cp
bin/image -tag localhost/opm:test -entrypoint /bin/opm -output "$directory/opm.tar" "$programs/opm=/bin/opm"
bin/image -tag localhost/utilities:test -entrypoint /bin/cpb -output "$directory/utilities.tar" "$directory/cp=/bin/cp" "$programs/cpb=/bin/cpb"
