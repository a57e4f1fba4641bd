// Package plugin has kubectl's plugin work against a real API server, with the operator at work beside it: each command, its formats, its errors and exit
// codes, the rights that it needs, Ctrl-C, completion through kubectl, and an API server that is restarted under it.
package plugin
