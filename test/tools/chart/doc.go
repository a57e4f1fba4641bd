// Package chart checks the Helm chart in charts/zen-lead with Helm's own code: what it renders is what config/ and bundle/ have, whichever
// values are set a real API server takes it, and wrong values are refused in words that help.
//
// Helm's command is built from this module too, so that its dependencies are none of the product's.
package chart
