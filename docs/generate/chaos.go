package main

import "github.com/zen-lead/zen-lead/test/chaos/results"

func writeChaos() error {
	return measurement{results: "docs/measurements/chaos.json", page: "docs/faults.md"}.write(&results.Results{})
}
