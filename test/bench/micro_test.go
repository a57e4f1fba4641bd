package bench

import (
	"strings"
	"testing"

	"golang.org/x/tools/benchmark/parse"
)

func TestGoBenchmarksBecomeFiguresInTheirOrder(t *testing.T) {
	measured, err := parse.ParseSet(strings.NewReader(`goos: linux
BenchmarkFromAPodToItsServices-2   	  100000	      1500 ns/op	    2048 B/op	      12 allocs/op
PASS
BenchmarkElection/10_Pods-2        	 1000000	       250 ns/op	       0 B/op	       0 allocs/op
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, figure := range microFigures(measured) {
		got = append(got, figure.Name+": "+figure.String())
	}
	want := "From A Pod To Its Services: 1.5 µs; From A Pod To Its Services, allocations: 12; From A Pod To Its Services, allocated: 2 KiB; " +
		"Election, 10 Pods: 0.25 µs; Election, 10 Pods, allocations: 0; Election, 10 Pods, allocated: 0 KiB"
	if strings.Join(got, "; ") != want {
		t.Errorf("got %q", strings.Join(got, "; "))
	}
}
