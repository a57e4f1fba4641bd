// Package controllers is the shell around the pure packages: it reads the API, has election decide and leaderservice
// render, and writes.
//
// What happens to one Service in one pass, in this order (reconciler.go): observe, elect, route, report.
package controllers
