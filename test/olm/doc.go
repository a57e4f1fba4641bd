// Package olm proves that OLM installs, upgrades and removes the operator as its bundles say: on our own cluster, with OLM's own
// `olm` and `catalog` and a catalog that `opm serve` serves, run beside the cluster as programs. The bundles are those that
// test/tools/bundle makes of config/, and the image is the operator's of this tree, stamped with each version and named by its digest;
// it is in the nodes' containerd under that name, for there is no registry.
//
// The suite removes OLM and prometheus-operator's CRDs when it ends, with all that is of these kinds: it is for our own cluster alone.
package olm
