// Package versions is about which versions of Kubernetes the operator works with: its command runs the API-server suite of this tree
// against each of them, built from Go modules, and keeps what that came to.
package versions
