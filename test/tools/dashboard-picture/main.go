package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], time.Now())
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "dashboard-picture:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string, now time.Time) error {
	options, err := parseOptions(arguments, now)
	if err != nil {
		return err
	}
	board, err := readDashboard(options.dashboard)
	if err != nil {
		return fmt.Errorf("reading %s: %w", options.dashboard, err)
	}
	drawings, faults, err := drawPanels(ctx, board, options)
	if err != nil {
		return err
	}
	page := layOut(board, drawings, options)
	if err := os.WriteFile(options.html(), []byte(page.html), 0o600); err != nil {
		return err
	}
	if err := takePictures(ctx, page, options); err != nil { // before the faults are told: the picture shows them
		faults = append(faults, err.Error())
	}
	if len(faults) > 0 {
		return fmt.Errorf("%s:\n  %s", board.Title, strings.Join(faults, "\n  "))
	}
	return nil
}

// drawing is a panel with what is drawn inside it, in HTML.
type drawing struct {
	panel panel
	html  string
}

// drawPanels draws all panels. What is wrong with one of them is no reason not to draw the others.
func drawPanels(ctx context.Context, board *dashboard, options *options) (drawings []drawing, faults []string, err error) {
	client := &prometheus{url: options.prometheus}
	for _, p := range board.Panels {
		data, problems := fetch(ctx, client, board, p, options)
		content, err := drawInside(p, data, options)
		if err != nil {
			return nil, nil, fmt.Errorf("panel %d, %q: %w", p.ID, p.Title, err)
		}
		drawings = append(drawings, drawing{panel: p, html: content})
		for _, problem := range problems {
			if problem.empty && options.mayBeEmpty[p.Title] {
				continue
			}
			faults = append(faults, fmt.Sprintf("%q, query %s: %s", p.Title, problem.query, problem.text))
		}
	}
	return drawings, faults, nil
}

// drawInside draws the inside of a panel.
func drawInside(p panel, data []result, options *options) (string, error) {
	inside := size{p.GridPos.width() - 2*padding, p.GridPos.height() - titleHeight - padding}
	switch p.Type {
	case "row":
		return "", nil
	case "stat":
		return drawStat(p, data, inside), nil
	case "gauge":
		return drawGauge(p, data, inside), nil
	case "timeseries":
		return drawGraph(p, data, inside, options), nil
	case "table":
		return drawTable(p, data)
	default:
		return "", fmt.Errorf("panels of type %q are not known", p.Type)
	}
}
