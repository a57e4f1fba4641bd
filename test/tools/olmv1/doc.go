// Package zenlead asks OLM v1 what it makes of our bundles: its own code reads, judges and renders them, in every way of installing
// that it knows.
//
// The code is internal to operator-controller. Go allows that to packages whose path lies below its module's, and that is why this
// module is named as it is.
package zenlead
