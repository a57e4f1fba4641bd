#!/usr/bin/env bash
# Fails if the operator or kubectl's plugin, built with the Go of releases, has a package with a known vulnerability in it, of a module or of the standard
# library, whether or not the vulnerable function is called. The database is the Go project's, at the version that go.mod pins; its date is in
# that version. This is newer: go -C test/tools/vulnerabilities get golang.org/x/vulndb@latest
set -euo pipefail
cd "$(dirname "$0")/../../.."
go -C test/tools/vulnerabilities mod download golang.org/x/vulndb
read -r version database < <(go -C test/tools/vulnerabilities list -m -f '{{.Version}} {{.Dir}}' golang.org/x/vulndb)
[[ $version =~ -([0-9]{4})([0-9]{2})([0-9]{2})[0-9]{6}- ]]
date=${BASH_REMATCH[1]}-${BASH_REMATCH[2]}-${BASH_REMATCH[3]}
GOTOOLCHAIN=$(test/tools/release/toolchain.sh)
export GOTOOLCHAIN CGO_ENABLED=0
known=$(find "$database/data/osv" -name 'GO-*.json' | wc -l)
check() { # what for which GOOS
  local what=$1
  export GOOS=$2 GOARCH
  shift 2
  for GOARCH in amd64 arm64; do
    echo "$what, $GOOS/$GOARCH, $GOTOOLCHAIN, $known vulnerabilities known on $date:"
    bin/govulncheck -db "file://$database/data/osv" -scan package "$@"
  done
}
check "operator and plugin" linux ./cmd/zen-lead ./cmd/kubectl-zen_lead
check plugin darwin ./cmd/kubectl-zen_lead
check plugin windows ./cmd/kubectl-zen_lead
