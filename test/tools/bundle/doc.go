// Command bundle makes OLM bundles (registry+v1) from config/, and judges them:
//
//	bundle generate                                       # both variants of the newest release, into bundle/
//	bundle generate -version 9.9.9 -image example.com/zen-lead:broken -output /tmp/broken   # any other, for tests
//	bundle validate bundle/prometheus bundle/core         # what OperatorHub would say
//	bundle template -prometheus IMAGE -core IMAGE         # the catalog's template
//	bundle manifests -image IMAGE config/default          # for kubectl, with a released image
//	bundle page bundle/prometheus                         # as OperatorHub shows it, in HTML
//	bundle record -version 1.2.3 -commit C -created T -image IMAGE -sbom sha256:...
//	bundle record-bundle core sha256:...                  # the digest of one of its bundle images
//	bundle show version                                   # of the newest release; or commit, created, image, sbom, prometheus, core
//
// operator-sdk does the same for its users, but cannot be pinned as a Go module. Here, too, kustomize builds what config/manifests
// names, and each object finds its place: a Deployment and the rights of its ServiceAccount in the ClusterServiceVersion, everything
// else beside it. Run it in the repository's root.
package main
