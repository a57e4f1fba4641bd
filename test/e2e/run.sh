#!/usr/bin/env bash
# Runs the e2e suite on the cluster of KUBECONFIG, where IMAGE and APP_IMAGE must be available, or on our own cluster. Our own
# is taken down again, unless it was up before. Arguments go to Ginkgo.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [[ -n ${KUBECONFIG:-} ]]; then
  echo "Running the e2e suite on the cluster of KUBECONFIG=$KUBECONFIG."
else
  if [[ $(id -u) != 0 ]]; then
    echo "e2e suite NOT RUN: nodes need root. Run it as root, or set KUBECONFIG to a cluster of yours."
    exit 0
  fi
  make --no-print-directory cluster-tools images
  if ! bin/cluster status | grep -q '^control-plane *on'; then
    trap 'bin/cluster down' EXIT
  fi
  bin/cluster up
  bin/cluster load bin/images/*.tar
  KUBECONFIG=$PWD/.cluster/kubeconfig
  KUBECTL=$(bin/cluster kubectl)
  ZEN_LEAD_CLUSTER=$PWD/bin/cluster
  CLUSTER_DIRECTORY=$PWD/.cluster
  export KUBECONFIG KUBECTL ZEN_LEAD_CLUSTER CLUSTER_DIRECTORY
fi
go test -count=1 -timeout 40m ./test/e2e -args -ginkgo.v "$@"
