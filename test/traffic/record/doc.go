// Package record holds what a traffic client has seen, request by request, and the form in which it is handed over.
//
// It is pure: no clock, no network.
package record
