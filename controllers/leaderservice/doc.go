// Package leaderservice says what the leader Service and its EndpointSlices look like: pure functions of the source
// Service, the leader Pod and the leader's record. It compares wanted with existing objects on the fields that are ours,
// tells whose an object is, reads the record back, and says what a Pod is as a candidate.
//
// The package imports no client, no logger and no clock, and never changes an object that it is given.
package leaderservice
