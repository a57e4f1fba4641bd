// Package apiserver holds the suites that run the operator against a real kube-apiserver, etcd and
// kube-controller-manager. They prove that each rule of the contract holds for objects in the API; Pods are API objects
// whose status the tests write.
//
// Every test has a namespace of its own and an operator of its own, which watches that namespace only and has no rights
// but those of config/rbac.
package apiserver
