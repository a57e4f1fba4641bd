// Package election is how applications elect their own leader with Kubernetes (Vault, Patroni): a Lease decides, and the
// holder puts a label on its own Pod, which the selector of a Service asks for. It is here to be compared with. Without the label
// it is an application whose Lease Zen-Lead follows.
//
// The timings are those that client-go's users have. Where an application has a choice, this one takes the faster way: it
// gives the Lease up as soon as it is not ready or told to end, and it obeys at once when another holds the Lease.
package election
