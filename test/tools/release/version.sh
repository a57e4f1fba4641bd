#!/usr/bin/env bash
# Fails unless a release's version is given: before anything is built.
#
#   version.sh TARGET VERSION
set -euo pipefail
number='(0|[1-9][0-9]*)'
[[ $2 =~ ^$number\.$number\.$number$ ]] || { echo "Say which: make $1 VERSION=1.2.3 (\"$2\" is not like that)" >&2; exit 1; }
