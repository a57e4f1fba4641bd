#!/usr/bin/env bash
# Makes a variant's bundle image, as bundle.Dockerfile does, and prints its digest. It has no platform but is in an index of all:
# OLM runs it, with a program of its own, to read it.
#
#   bundle-image.sh VARIANT TAG OUTPUT [BUNDLES]    (BUNDLES: the folder with the variants, else bundle/)
set -euo pipefail
cd "$(dirname "$0")/../../.."
bundle=${4:-bundle}/$1 tag=$2 output=$3
SOURCE_DATE_EPOCH=$(date -d "$(sed -n 's/^ *createdAt: "\(.*\)"$/\1/p' "$bundle/manifests/zen-lead.clusterserviceversion.yaml")" +%s)
export SOURCE_DATE_EPOCH
mapfile -t labels < <(sed -n 's/^  \(operators[^:]*\): /-label=\1=/p' "$bundle/metadata/annotations.yaml")
bin/image -print-digest -platform linux/amd64 -platform linux/arm64 -tag "$tag" -output "$output" "${labels[@]}" \
  "$bundle/manifests=/manifests" "$bundle/metadata=/metadata" "$bundle/tests/scorecard=/tests/scorecard"
