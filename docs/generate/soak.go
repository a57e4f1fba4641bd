package main

import "github.com/zen-lead/zen-lead/test/soak"

func writeSoak() error {
	return measurement{results: "docs/measurements/soak.json", page: "docs/faults.md"}.write(&soak.Result{})
}
