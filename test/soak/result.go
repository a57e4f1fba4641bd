package soak

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/zen-lead/zen-lead/test/bench/replica"
	"github.com/zen-lead/zen-lead/test/measurement"
)

// roles are what the replicas do, in the order in which they were started.
var roles = []string{"acting", "standby"}

// Result is what a run came to.
type Result struct {
	measurement.Run
	Services int `json:"services"`
	// Hours are those that were measured, after the warm-up.
	Hours   float64        `json:"hours"`
	Changes map[string]int `json:"changes"`
	// RightAfter is how long after the last change all slices were right, in seconds.
	RightAfter float64 `json:"right_after_s"`
	Lines      []Line  `json:"lines"`
}

// Line is how one thing developed that a replica holds.
type Line struct {
	Replica string `json:"replica"`
	What    string `json:"what"`
	Unit    string `json:"unit"`
	// Middle is the median, PerHour by how much it grew in an hour.
	Middle  float64 `json:"median"`
	PerHour float64 `json:"per_hour"`
	// Flat is whether it would not grow by more than tolerance in the time that was measured.
	Flat bool `json:"flat"`
}

// tolerance is the share of the median by which what a replica holds may seem to grow in the whole time that was measured.
const tolerance = 0.05

const mebibyte = 1 << 20

// held are the things that a replica holds.
var held = []struct {
	what, unit string
	of         func(replica.Usage) float64
}{
	{"resident memory but for the binary's pages", "MiB", func(u replica.Usage) float64 { return u.Own / mebibyte }},
	{"heap", "MiB", func(u replica.Usage) float64 { return u.Heap / mebibyte }},
	{"goroutines", "", func(u replica.Usage) float64 { return u.Goroutines }},
	{"file descriptors", "", func(u replica.Usage) float64 { return u.Descriptors }},
	{"series", "", func(u replica.Usage) float64 { return u.Series }},
}

func (w *world) result(samples []sample, right time.Duration) *Result {
	r := &Result{
		Services: w.Services, Hours: w.Measured.Hours(), Changes: maps.Clone(w.churn.made), RightAfter: right.Seconds(),
	}
	for number, role := range roles {
		for _, thing := range held {
			var readings []reading
			for _, s := range samples {
				readings = append(readings, reading{s.at, thing.of(s.usage[number])})
			}
			found := trendOf(readings)
			r.Lines = append(r.Lines, Line{role, thing.what, thing.unit, found.middle, found.perHour, !found.grows(tolerance, w.Measured)})
		}
	}
	return r
}

// Err tells what grew.
func (r *Result) Err() error {
	var grew []error
	for _, l := range r.Lines {
		if !l.Flat {
			grew = append(grew, fmt.Errorf("%s of the %s replica grew by %.2f %s an hour, from about %.1f", l.What, l.Replica, l.PerHour, l.Unit, l.Middle))
		}
	}
	return errors.Join(grew...)
}

// Markdown is the result as a table for people.
func (r *Result) Markdown() string {
	if len(r.Lines) == 0 {
		return "Nothing has been run yet.\n"
	}
	var b strings.Builder
	total := 0
	for _, count := range r.Changes {
		total += count
	}
	fmt.Fprintf(&b, "`%s` on %s: %.3g hours, %d Services, %d changes. All slices were right %.1f s after the last one.\n\n",
		r.Command, r.Origin(), r.Hours, r.Services, total, r.RightAfter)
	b.WriteString("| replica | what it holds | median | growth in an hour | flat |\n|---|---|---|---|---|\n")
	for _, l := range r.Lines {
		flat := "yes"
		if !l.Flat {
			flat = "**no**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", l.Replica, l.What, quantity("%.1f", l.Middle, l.Unit), quantity("%+.2f", l.PerHour, l.Unit), flat)
	}
	b.WriteString("\n| what happened | how often |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(r.Changes)) {
		fmt.Fprintf(&b, "| %s | %d |\n", name, r.Changes[name])
	}
	return b.String()
}

func quantity(format string, value float64, unit string) string {
	return strings.TrimSpace(fmt.Sprintf(format, value) + " " + unit)
}
