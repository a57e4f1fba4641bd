// Package server is the application under test: a single-active one that answers numbered requests over TCP and UDP with
// its Pod's name, and that does on command what makes a leader fail.
package server
