// Package checker judges what the operator has done, from outside: from all versions of Pods, Services and EndpointSlices that the API server
// had, in their order, and from its audit log. It shares no code with the operator, so that a rule that the operator gets wrong is not
// got wrong here in the same way; the names of annotations are written out again for that reason.
package checker
