// Package chaos runs two replicas of the operator's binary against a real control plane while leaders fail at random and everything that
// they depend on fails too: the API server is killed, etcd is frozen or put back to an older state, the line to a replica is cut, stalled, slow or
// full of refusals, replicas are killed and frozen. After each round of faults it asks test/chaos/checker, which shares no code with the
// operator, whether anything was ever wrong, and how long it took until everything was right again. The same seed gives the same
// faults and the same failures, as far as their order does not depend on the machine's speed.
package chaos
