#!/usr/bin/env bash
# Prints the Go toolchain that releases are built with: the one that Dockerfile names, of the working tree or of a commit. It is one place for
# both ways to build.
#
#   toolchain.sh [COMMIT]
set -euo pipefail
cd "$(dirname "$0")/../../.."
if [[ $# -gt 0 ]]; then git show "$1:Dockerfile"; else cat Dockerfile; fi | sed -n 's/^FROM .*golang:\([0-9.]*\)[ @].*/go\1/p'
