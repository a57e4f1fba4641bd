// Package binaries builds the programs that the tests' clusters are made of, from Go modules, and keeps them in the user's
// cache. Each group of programs has a module of its own, so that neither the product's go.mod nor that of another group
// sees what they depend on.
package binaries
