package main

import "github.com/zen-lead/zen-lead/test/bench/results"

func writePerformance() error {
	return measurement{results: "docs/measurements/performance.json", page: "docs/performance.md"}.write(&results.Results{})
}
