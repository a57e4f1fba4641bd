#!/usr/bin/env bash
# Makes the operator's image of HEAD and its bill of materials twice, and fails if they differ. The second time all that may differ between machines does: folder,
# umask, time zone, language, user's home, caches of Go, number of processors.
set -euo pipefail
cd "$(dirname "$0")/../../.."
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
modules=$(go env GOMODCACHE)
version=$(bin/bundle show version)

first=$(test/tools/release/image.sh "$version" HEAD "$scratch/first")
git clone -q --no-hardlinks . "$scratch/elsewhere/in another folder"
cp -r bin "$scratch/elsewhere/in another folder/bin"
second=$(
  cd "$scratch/elsewhere/in another folder"
  umask 0077
  mkdir "$scratch/tmp"
  export TMPDIR=$scratch/tmp TZ=Pacific/Chatham LANG=C LC_ALL=C HOME=$scratch/home GOPATH=$scratch/gopath GOCACHE=$scratch/cache GOMAXPROCS=1
  export GOMODCACHE=$modules GOPROXY=off
  test/tools/release/image.sh "$version" HEAD "$scratch/second"
)
echo "first:  $first"
echo "second: $second"
[[ $first == "$second" ]]
cmp "$scratch/first.cdx.json" "$scratch/second.cdx.json"
