// Package soak runs two replicas of the operator's binary for hours beside many Services that are changed at random all the time: Pods fail in every
// way, Services come and go, are opted out, renamed and misconfigured, and what the operator made is edited and deleted. It looks at what the
// processes hold, and says how fast that grows: memory, goroutines, file descriptors and series have to be as many in the end as in the
// beginning. In the end every slice has to be right.
package soak
