#!/usr/bin/env bash
# Makes the newest release again from its commit, for this machine's platform, into bin/former: its config/, and its image as zen-lead:former.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=$(bin/bundle show version) commit=$(bin/bundle show commit)
directory=$PWD/bin/former
[[ ! -e $directory/$commit ]] || exit 0 # what was released does not change
rm -rf "$directory" && mkdir -p "$directory"
sources=$(mktemp -d)
trap 'rm -rf "$sources"' EXIT
git archive "$commit" | tar -x -C "$sources"
make --no-print-directory -C "$sources" build VERSION="$version" COMMIT="${commit:0:12}" BIN="$directory"
bin/image -tag zen-lead:former -entrypoint /zen-lead -output "$directory/zen-lead.tar" "$directory/zen-lead=/zen-lead"
cp -r "$sources/config" "$directory/config"
touch "$directory/$commit"
