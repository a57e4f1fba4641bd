#!/usr/bin/env bash
# Runs a command on the cluster of KUBECONFIG or, without that, on our own: starts it, brings the images there, and takes it
# down again unless it was up before. The command finds KUBECONFIG, KUBECTL and, on our own cluster, ZEN_LEAD_CLUSTER, the path of
# the command that makes machines fail.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CLUSTER_DIRECTORY=$PWD/.cluster

if [[ -n ${KUBECONFIG:-} && $KUBECONFIG != "$CLUSTER_DIRECTORY/kubeconfig" ]]; then
  echo "On the cluster of KUBECONFIG=$KUBECONFIG:"
  export KUBECTL=${KUBECTL:-kubectl}
  exec "$@"
fi
if ! reason=$(unshare --fork --pid --mount --net --uts --ipc true 2>&1); then
  echo "NOT RUN, for nodes of our own need root and namespaces ($reason): $*"
  exit 0
fi

# What failed may be told by the daemons' logs, which go with the cluster.
end() {
  local status=$?
  if ((status != 0)); then
    for machine in .cluster/machines/*/; do
      mkdir -p "bin/cluster-logs/$(basename "$machine")" && cp "$machine"*.log "bin/cluster-logs/$(basename "$machine")/"
    done
    echo "It failed; the logs of the cluster's daemons are in bin/cluster-logs."
  fi
  bin/cluster down
}

make --no-print-directory cluster-tools images
status=$(bin/cluster status)
if ! grep -q '^control-plane *on' <<<"$status"; then
  trap end EXIT
fi
bin/cluster up
bin/cluster load bin/images/*.tar
KUBECONFIG=$CLUSTER_DIRECTORY/kubeconfig
KUBECTL=$(bin/cluster kubectl)
ZEN_LEAD_CLUSTER=$PWD/bin/cluster
export KUBECONFIG KUBECTL ZEN_LEAD_CLUSTER
"$@"
