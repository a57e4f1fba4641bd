#!/usr/bin/env bash
# Runs a command on the cluster of KUBECONFIG or, without that, on our own: starts it, brings the images there, and takes it
# down again unless it was up before. The command finds KUBECONFIG, KUBECTL and, on our own cluster, ZEN_LEAD_CLUSTER, the path of
# the command that makes machines fail.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [[ -n ${KUBECONFIG:-} ]]; then
  echo "On the cluster of KUBECONFIG=$KUBECONFIG:"
  export KUBECTL=${KUBECTL:-kubectl}
  exec "$@"
fi
if [[ $(id -u) != 0 ]]; then
  echo "NOT RUN, for nodes of our own need root: $*. Run it as root, or set KUBECONFIG to a cluster of yours."
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
"$@"
