#!/usr/bin/env bash
# Installs the operator, measures what clients see when a leader fails, and removes the operator. On a cluster of yours the images
# zen-lead:dev and traffic:dev must be available to the nodes. Arguments go to bench-traffic.
set -euo pipefail
cd "$(dirname "$0")/../.."

go build -o bin/bench-traffic ./test/traffic/cmd/bench-traffic
if "$KUBECTL" get namespace zen-lead-system >/dev/null 2>&1; then
  echo "The namespace zen-lead-system is there already. This would replace what is installed in it, and remove it in the end:"
  echo "remove it first, with kubectl delete -k config/cluster-wide"
  exit 1
fi
trap '"$KUBECTL" delete --ignore-not-found --wait -k config/cluster-wide >/dev/null' EXIT
"$KUBECTL" apply -k config/cluster-wide >/dev/null
"$KUBECTL" --namespace zen-lead-system rollout status deployment/zen-lead --timeout 3m
bin/bench-traffic -kubectl "$KUBECTL" -cluster "${ZEN_LEAD_CLUSTER:-}" "$@"
