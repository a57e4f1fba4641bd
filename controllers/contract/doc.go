// Package contract names what users see and type: annotation keys and their values, labels, object names, reasons.
//
// Every key and every name stands here once; the other packages, the documentation and the manifests take it from here.
// The package is pure: it imports no client, no logger and no clock.
package contract
