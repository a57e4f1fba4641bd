package main

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
)

// steps are the lengths that Grafana rounds a graph's step to.
var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 20 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour,
}

// step is the time between two points of a panel's graph: one for each pixel, but no finer than the data.
func (p panel) step(o *options) time.Duration {
	points := p.MaxDataPoints
	if points == 0 {
		points = p.GridPos.width()
	}
	exact := max(time.Duration(float64(o.duration())/points), o.scrapeInterval)
	for _, step := range steps {
		if exact <= step {
			return step
		}
	}
	return exact
}

// rateInterval is long enough for rate() to find two samples, however the scrapes fall.
func rateInterval(step, scrapeInterval time.Duration) time.Duration {
	return max(step+scrapeInterval, 4*scrapeInterval)
}

var reference = regexp.MustCompile(`\$(?:\{([a-zA-Z_][a-zA-Z0-9_]*)\}|([a-zA-Z_][a-zA-Z0-9_]*))`)

// expand puts the values of variables into an expression.
func (d *dashboard) expand(expr string, step time.Duration, o *options) (string, error) {
	values := map[string]string{
		"__interval":      promDuration(step),
		"__rate_interval": promDuration(rateInterval(step, o.scrapeInterval)),
		"__range":         promDuration(o.duration()),
	}
	for _, variable := range d.Templating.List {
		if variable.Type == "query" {
			values[variable.Name] = variable.value(o.variables[variable.Name])
		}
	}
	var unknown []string
	expanded := reference.ReplaceAllStringFunc(expr, func(text string) string {
		match := reference.FindStringSubmatch(text)
		value, found := values[match[1]+match[2]]
		if !found {
			unknown = append(unknown, text)
		}
		return value
	})
	if len(unknown) > 0 {
		return "", fmt.Errorf("no such variable: %s", strings.Join(unknown, ", "))
	}
	return expanded, nil
}

// value is a regular expression that matches the chosen values, as Grafana writes it for Prometheus.
func (v variable) value(chosen []string) string {
	if len(chosen) == 0 {
		return v.AllValue
	}
	quoted := make([]string, 0, len(chosen))
	for _, value := range chosen {
		quoted = append(quoted, strings.ReplaceAll(regexp.QuoteMeta(value), `\`, `\\`))
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return "(" + strings.Join(quoted, "|") + ")"
}

func promDuration(d time.Duration) string {
	return fmt.Sprintf("%ds", int(math.Round(d.Seconds())))
}
