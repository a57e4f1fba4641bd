// Command demo tells the product's story in the terminal, on an embedded control plane: nothing has to be installed.
//
// It starts the control plane and the operator as it ships (its binary, the rights of config/rbac), lets an application of
// three Pods fail in the ways that applications fail, and shows what a user would see, with the time from each cause until
// the leader Service had moved beside the time until the built-in EndpointSlice controller had dropped the same Pod.
package main
