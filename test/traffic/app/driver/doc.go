// Package driver is the client: streams of requests at fixed rates, each request at its due time whether or not earlier
// ones have been answered (an open loop, so that a stall of the server cannot hide itself by slowing the client down).
//
// One goroutine wakes the streams every two milliseconds; there are no timers for single requests.
package driver
