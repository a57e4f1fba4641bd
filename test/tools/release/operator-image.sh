#!/usr/bin/env bash
# Puts the operator's binaries into an image as Dockerfile says, with the files beside it that it copies, and prints its digest. Labels, user,
# paths and entrypoint are the Dockerfile's; a test compares.
#
#   operator-image.sh VERSION COMMIT BINARY TAG OUTPUT    (BINARY with {arch} in it)
set -euo pipefail
cd "$(dirname "$0")/../../.."
version=$1 commit=$2 binary=$3 tag=$4 output=$5
labels=() dockerfile=${DOCKERFILE:-Dockerfile}
while IFS= read -r label; do
  label=${label/'$VERSION'/$version}
  labels+=("-label=${label/'$COMMIT'/$commit}")
done < <(sed -n 's/^LABEL \([^=]*\)="\(.*\)"$/\1=\2/p' "$dockerfile")
files=()
while read -r file target; do
  files+=("$(dirname "$dockerfile")/$file=$target")
done < <(sed -n 's/^COPY \([^-][^ ]*\) \(\/[^ ]*\)$/\1 \2/p' "$dockerfile")
"${IMAGE_TOOL:-bin/image}" -print-digest -platform linux/amd64 -platform linux/arm64 -tag "$tag" -output "$output" "${labels[@]}" \
  -user "$(sed -n 's/^USER //p' "$dockerfile")" -entrypoint "$(sed -n 's/^ENTRYPOINT \["\(.*\)"\]$/\1/p' "$dockerfile")" \
  "$binary=$(sed -n 's/^COPY --from=build [^ ]* //p' "$dockerfile")" "${files[@]}"
