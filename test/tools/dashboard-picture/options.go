package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
)

// options say what to draw.
type options struct {
	dashboard, prometheus string
	output, panels        string
	from, to              time.Time
	scrapeInterval        time.Duration
	// variables are the chosen values of each; all of them where none is chosen.
	variables map[string][]string
	// mayBeEmpty are the titles of panels that may have no data.
	mayBeEmpty map[string]bool
}

func parseOptions(arguments []string, now time.Time) (*options, error) {
	o := &options{variables: map[string][]string{}, mayBeEmpty: map[string]bool{}}
	flags := flag.NewFlagSet("dashboard-picture", flag.ContinueOnError)
	flags.StringVar(&o.dashboard, "dashboard", "", "the dashboard, in Grafana's JSON")
	flags.StringVar(&o.prometheus, "prometheus", "http://127.0.0.1:9090", "the address of Prometheus")
	flags.StringVar(&o.output, "output", "", "the picture to write, a .png; the page is written beside it, as .html. Only the page if it ends in .html")
	flags.StringVar(&o.panels, "panels", "", "a folder to write a picture of each panel to as well")
	from := flags.Duration("from", 6*time.Hour, "how long ago the time range begins")
	to := flags.Duration("to", 0, "how long ago the time range ends")
	flags.DurationVar(&o.scrapeInterval, "scrape-interval", 30*time.Second, "how often Prometheus scrapes, as the data source in Grafana would be told")
	flags.Func("var", "a variable's value, name=value; several times for several values", func(text string) error {
		name, value, found := strings.Cut(text, "=")
		if !found {
			return errors.New("not of the form name=value")
		}
		o.variables[name] = append(o.variables[name], value)
		return nil
	})
	flags.Func("may-be-empty", "the title of a panel that may have no data; several times for several panels", func(title string) error {
		o.mayBeEmpty[title] = true
		return nil
	})
	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}
	o.from, o.to = now.Add(-*from), now.Add(-*to)
	switch extension := filepath.Ext(o.output); {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unknown arguments: %v", flags.Args())
	case o.dashboard == "" || o.output == "":
		flags.SetOutput(io.Discard)
		return nil, errors.New("-dashboard and -output are needed; see -help")
	case extension != ".png" && extension != ".html":
		return nil, fmt.Errorf("-output %s: neither .png nor .html", o.output)
	case extension == ".html" && o.panels != "":
		return nil, errors.New("-panels needs an -output that is a .png")
	case !o.from.Before(o.to):
		return nil, errors.New("-from must be longer ago than -to")
	}
	return o, nil
}

// html is the page's file.
func (o *options) html() string {
	return strings.TrimSuffix(o.output, filepath.Ext(o.output)) + ".html"
}

// duration is the length of the time range.
func (o *options) duration() time.Duration { return o.to.Sub(o.from) }
