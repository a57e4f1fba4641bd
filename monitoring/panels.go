package monitoring

import "math"

// Panel is one panel of a dashboard, as Grafana and the OpenShift console both show it.
type Panel struct {
	// ID stays with the panel for good: links to a single panel carry it.
	ID   int
	Kind Kind
	// Title says what is shown, Description how to read it and when there is nothing to see.
	Title, Description string
	Look
	// Width is in columns, of which a dashboard has 24; Height in Grafana's grid rows.
	Width, Height int
	// Queries are the series of a graph, or a table's columns of values. Stats and gauges have one.
	Queries []Query
	// Labels are a table's first columns. All of its queries return just these labels, or fewer, so that rows can be joined.
	Labels []Label
	// Draw is how a time series is drawn.
	Draw Draw
	// Minimum and Maximum bound the scale, where they are known.
	Minimum, Maximum *float64
	// Logarithmic is for graphs of values that differ by powers of ten. The OpenShift console has no such scale.
	Logarithmic bool
}

// Kind is how a panel shows its data. There are no more kinds than both Grafana and the OpenShift console have.
type Kind string

// The kinds of panels.
const (
	// Stat is one number, as of the end of the time range.
	Stat Kind = "stat"
	// Gauge is one number on a scale.
	Gauge Kind = "gauge"
	// TimeSeries are graphs over time.
	TimeSeries Kind = "timeseries"
	// Table has a row for each set of labels, as of the end of the time range.
	Table Kind = "table"
)

// Look is how numbers are shown.
type Look struct {
	Unit Unit
	// Decimals are as many as the size of the number asks for if nil.
	Decimals *int
	// Steps colour the number; in a graph they are lines. None: no value is better than another.
	Steps []Step
	// Texts take the place of single values, where the panel can show texts.
	Texts []Text
}

// Unit is what is counted or measured, by the name that Grafana knows it by.
type Unit string

// The units in use.
const (
	// Plain is a number without a unit.
	Plain Unit = "short"
	// Seconds is a duration.
	Seconds Unit = "s"
	// Age is a duration of days rather than seconds, in seconds.
	Age Unit = "dtdurations"
	// Ratio is a share of one, shown in per cent.
	Ratio Unit = "percentunit"
	// Bytes are counted in powers of 1024.
	Bytes Unit = "bytes"
	// PerSecond is a rate of anything.
	PerSecond Unit = "ops"
	// Cores is CPU time per time.
	Cores Unit = "suffix: cores"
	// Date is a time in milliseconds since the epoch. The OpenShift console cannot show it.
	Date Unit = "dateTimeAsIso"
)

// Color is a colour's name, as Grafana and the OpenShift console both know it.
type Color string

// The colours in use.
const (
	// Neutral says nothing about a value.
	Neutral Color = "blue"
	// Good is as it should be.
	Good Color = "green"
	// Attention wants to be looked at.
	Attention Color = "orange"
	// Bad is not as it should be.
	Bad Color = "red"
)

// Step is the colour of values that are From or more.
type Step struct {
	From  float64
	Color Color
}

// steps begins with the colour of whatever is less than all further steps.
func steps(lowest Color, further ...Step) []Step {
	return append([]Step{{From: math.Inf(-1), Color: lowest}}, further...)
}

// Text is what is shown in place of a value.
type Text struct {
	Value int
	Text  string
	Color Color
}

// Query is PromQL with what its result is called.
type Query struct {
	Expr string
	// Name is the legend of the series, where {{label}} stands for a label's value, or the title of a table's column. A table's
	// query without a name decides only which rows there are.
	Name string
	// Look is that of a table's column.
	Look
}

// Label is a table's column of a label's values.
type Label struct {
	Label, Title string
}

// Draw is how a time series is drawn.
type Draw int

// The ways to draw.
const (
	// Lines are for what changes smoothly.
	Lines Draw = iota
	// Stairs are for what stays until it changes.
	Stairs
	// Bars are for what happened within each step. They are stacked.
	Bars
	// Points are for what is only now and then.
	Points
)

// refID is the name of a panel's n-th query in Grafana.
func refID(n int) string { return string("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[n]) }
