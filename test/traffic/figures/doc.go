// Package figures turns what a client has seen, and who was meant to lead, into the figures that are published.
//
// It is pure: no clock, no network. All of them are counted over the requests that were sent within a window. Clients,
// faults and the history of leaders must share one clock; this is so on the machine that runs them all.
package figures
