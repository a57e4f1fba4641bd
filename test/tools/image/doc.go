// Command image puts files into a container image, without a container runtime, and writes it as an OCI image layout:
//
//	image -tag zen-lead:dev -output bin/zen-lead.tar -entrypoint /zen-lead bin/zen-lead=/zen-lead
//	ctr -n k8s.io images import bin/zen-lead.tar
//
// With more than one -platform it makes an index with an image for each, of the files whose paths have {os} and {arch} in them:
//
//	image -tag zen-lead:dev -output bin/zen-lead -entrypoint /zen-lead -platform linux/amd64 -platform linux/arm64 'bin/zen-lead-{arch}=/zen-lead'
//
// A directory stands for the files in it. An image that is only read, such as an OLM bundle, has no entrypoint.
//
// The image has one layer and no base: what is put into it is all there is, so a binary has to be static. There is no
// /etc/passwd, because the user is a number, which is also what lets the kubelet see that it is not root.
//
// The same files give the same bytes, whenever and by whom it is made: every time is SOURCE_DATE_EPOCH
// (https://reproducible-builds.org/specs/source-date-epoch/), or the beginning of 1970.
package main
