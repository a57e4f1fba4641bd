package main

import "github.com/zen-lead/zen-lead/test/traffic/results"

func writeTraffic() error {
	return measurement{results: "docs/measurements/traffic.json", page: "docs/client-resilience.md"}.write(&results.Results{})
}
