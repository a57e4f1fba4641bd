#!/usr/bin/env bash
# Makes the images of Prometheus, of Alertmanager, which is Debian's binary with the C library that it needs, and of
# prometheus-operator's configuration reloader, into bin/monitoring-images. Debian's Prometheus has no service discovery in Kubernetes.
set -euo pipefail
cd "$(dirname "$0")/../.."
programs() { go run ./test/monitoring/cmd/programs "$1"; }
debian=$(programs debian)
prometheus=$(programs prometheus)
operator=$(programs operator)
directory=bin/monitoring-images
mkdir -p "$directory"
loader=/lib64/ld-linux-x86-64.so.2
[[ -e $loader ]] || loader=/lib/ld-linux-aarch64.so.1
library=$(ldd "$debian/prometheus-alertmanager" | awk '$1 == "libc.so.6" {print $3}')
image() { # name, program, more files
  [[ $directory/$1.tar -nt $2 && $directory/$1.tar -nt test/monitoring/images.sh ]] || bin/image -tag "localhost/$1:test" -entrypoint "/bin/$1" -output "$directory/$1.tar" "$2=/bin/$1" "${@:3}"
}
image prometheus "$prometheus/prometheus"
templates=usr/share/prometheus/alertmanager
image alertmanager "$debian/prometheus-alertmanager" "$library=$library" "$loader=$loader" \
  "$debian/../../$templates/default.tmpl=/$templates/default.tmpl" "$debian/../../$templates/email.tmpl=/$templates/email.tmpl"
image prometheus-config-reloader "$operator/prometheus-config-reloader"
