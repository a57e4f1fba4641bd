package monitoring

import (
	"fmt"
	"math"
	"strconv"
)

// consolePanel is a panel of a type that the console knows: graph, singlestat, gauge (shown as a singlestat) or table.
type consolePanel struct {
	ID      int             `json:"id"`
	Type    string          `json:"type"`
	Title   string          `json:"title"`
	Span    int             `json:"span"`
	Targets []consoleTarget `json:"targets"`
	// Of a graph.
	Legend *consoleLegend `json:"legend,omitempty"`
	Stack  bool           `json:"stack,omitempty"`
	YAxes  []consoleAxis  `json:"yaxes,omitempty"`
	// Of a single number.
	Format    string            `json:"format,omitempty"`
	Decimals  *int              `json:"decimals,omitempty"`
	Postfix   string            `json:"postfix,omitempty"`
	Options   *consoleOptions   `json:"options,omitempty"`
	ValueMaps []consoleValueMap `json:"valueMaps,omitempty"`
	// Of a table.
	Transform string          `json:"transform,omitempty"`
	Styles    []consoleColumn `json:"styles,omitempty"`
}

type consoleTarget struct {
	Expr         string `json:"expr"`
	RefID        string `json:"refId"`
	LegendFormat string `json:"legendFormat,omitempty"`
	Format       string `json:"format"`
	Instant      bool   `json:"instant,omitempty"`
}

type consoleLegend struct {
	Show bool `json:"show"`
}

type consoleAxis struct {
	Format string `json:"format"`
}

type consoleOptions struct {
	FieldOptions consoleFieldOptions `json:"fieldOptions"`
}

type consoleFieldOptions struct {
	Thresholds []consoleThreshold `json:"thresholds"`
}

type consoleThreshold struct {
	Color string  `json:"color"`
	Value float64 `json:"value"`
}

type consoleValueMap struct {
	Op    string `json:"op"`
	Value string `json:"value"`
	Text  string `json:"text"`
}

// consoleColumn is a column of a table; one without an alias is not shown.
type consoleColumn struct {
	Alias    string `json:"alias"`
	Pattern  string `json:"pattern"`
	Type     string `json:"type"`
	Unit     string `json:"unit,omitempty"`
	Decimals *int   `json:"decimals,omitempty"`
}

const secondsPerDay = 24 * 60 * 60

func (p Panel) console() consolePanel {
	panel := consolePanel{ID: p.ID, Title: p.Title, Span: max(1, p.Width*consoleColumns/gridColumns)}
	for i, query := range p.Queries {
		if query.Unit == Date {
			continue
		}
		target := consoleTarget{Expr: query.Expr, RefID: refID(i), LegendFormat: query.Name, Format: "time_series"}
		if p.Kind == Table {
			target.LegendFormat, target.Format, target.Instant = "", "table", true
		}
		if query.Unit == Age || p.Unit == Age {
			target.Expr = inDays(query.Expr)
		}
		panel.Targets = append(panel.Targets, target)
	}
	switch p.Kind {
	case TimeSeries:
		panel.Type, panel.Stack, panel.Legend = "graph", p.Draw == Bars, &consoleLegend{Show: true}
		panel.YAxes = []consoleAxis{{Format: consoleUnit(p.Unit)}, {Format: consoleUnit(Plain)}}
	case Table:
		panel.Type, panel.Transform, panel.Styles = "table", "table", p.consoleColumns()
	case Stat, Gauge:
		panel.consoleNumber(p)
	}
	return panel
}

// consoleNumber makes the panel one number.
func (c *consolePanel) consoleNumber(p Panel) {
	c.Type = "singlestat"
	if p.Kind == Gauge {
		c.Type = "gauge"
	}
	c.Decimals, c.Format = p.Decimals, consoleUnit(p.Unit)
	scale := 1.0
	switch p.Unit { // older consoles do not know units of time: the number alone would say nothing
	case Age:
		scale, c.Postfix = secondsPerDay, " days"
	case Seconds:
		c.Format, c.Postfix = consoleUnit(Plain), " s"
	}
	if len(p.Steps) > 0 {
		c.Options = &consoleOptions{consoleFieldOptions{Thresholds: consoleThresholds(p.Steps, scale)}}
	}
	for _, text := range p.Texts {
		c.ValueMaps = append(c.ValueMaps, consoleValueMap{Op: "=", Value: strconv.Itoa(text.Value), Text: text.Text})
	}
}

// consoleUnit is the console's name of a unit; it shows those that it does not know as plain numbers.
func consoleUnit(unit Unit) string {
	switch unit {
	case Ratio, Bytes, Seconds:
		return string(unit)
	default:
		return string(Plain)
	}
}

// consoleThresholds are just below what they are in Grafana: a value that equals one has the colour below it in the console.
// scale is how many of the panel's units make one of the console's.
func consoleThresholds(colors []Step, scale float64) []consoleThreshold {
	const lowest, hair = -1e15, 1e-9
	thresholds := make([]consoleThreshold, 0, len(colors))
	for _, step := range colors {
		value := step.From/scale - hair*max(1, math.Abs(step.From/scale))
		if math.IsInf(step.From, -1) {
			value = lowest
		}
		thresholds = append(thresholds, consoleThreshold{Color: string(step.Color), Value: value})
	}
	return thresholds
}

func (p Panel) consoleColumns() []consoleColumn {
	columns := make([]consoleColumn, 0, len(p.Labels)+len(p.Queries))
	for _, label := range p.Labels {
		columns = append(columns, consoleColumn{Alias: label.Title, Pattern: label.Label, Type: "string"})
	}
	for i, query := range p.Queries {
		if query.Name == "" || query.Unit == Date {
			continue
		}
		alias, unit := query.Name, consoleUnit(query.Unit)
		switch query.Unit { // older consoles do not know units of time: the number alone would say nothing
		case Age:
			alias += " (days)"
		case Seconds:
			alias, unit = alias+" (seconds)", consoleUnit(Plain)
		}
		columns = append(columns, consoleColumn{Alias: alias, Pattern: "Value #" + refID(i), Type: "number", Unit: unit, Decimals: query.Decimals})
	}
	return columns
}

// inDays is an expression of an age for the console, which knows no words for it.
func inDays(expr string) string { return fmt.Sprintf("(%s) / %d", expr, secondsPerDay) }
