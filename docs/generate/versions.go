package main

import "github.com/zen-lead/zen-lead/test/versions/results"

func writeVersions() error {
	return measurement{results: "docs/measurements/versions.json", page: "README.md"}.write(&results.Results{})
}
