package monitoring

import (
	"math"
	"strconv"

	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/gauge"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
)

// grafana is the panel at that place.
func (p Panel) grafana(place position) dashboard.Panel {
	panel := dashboard.Panel{
		Type: string(p.Kind), Id: new(uint32(p.ID)), Title: &p.Title, Description: &p.Description, Datasource: prometheusSource(), // #nosec G115 -- small
		GridPos:     &dashboard.GridPos{W: uint32(p.Width), H: uint32(p.Height), X: uint32(place.x), Y: uint32(place.y)}, // #nosec G115 -- small
		FieldConfig: &dashboard.FieldConfigSource{Defaults: p.grafanaDefaults(), Overrides: []dashboard.DashboardFieldConfigSourceOverrides{}},
	}
	for i, query := range p.Queries {
		panel.Targets = append(panel.Targets, p.grafanaTarget(query, refID(i)))
	}
	switch p.Kind {
	case Stat:
		panel.Options = p.grafanaStat()
	case Gauge:
		options := gauge.NewOptions()
		options.Orientation, options.ReduceOptions = common.VizOrientationAuto, lastValue()
		panel.Options = options
	case TimeSeries:
		panel.Options, panel.FieldConfig.Defaults.Custom = p.grafanaGraph()
		if p.Draw == Bars || p.Draw == Points { // what happens now and then would be hairlines at a step for each pixel
			panel.MaxDataPoints = new(100.0)
		}
	case Table:
		p.grafanaTable(&panel)
	}
	return panel
}

func (p Panel) grafanaTarget(query Query, id string) variants.Dataquery {
	target := prometheus.NewDataquery()
	target.Datasource, target.Expr, target.RefId = prometheusSource(), query.Expr, &id
	target.EditorMode = new(prometheus.QueryEditorModeCode)
	// What is shown as of now is asked as of now: a month's availability at each step of a graph would be work for nothing.
	target.Range, target.Instant = new(p.Kind == TimeSeries), new(p.Kind != TimeSeries)
	switch {
	case p.Kind == Table:
		target.Format = new(prometheus.PromQueryFormatTable)
	case query.Name != "":
		target.LegendFormat = &query.Name
	}
	return target
}

func (p Panel) grafanaDefaults() dashboard.FieldConfig {
	mode := dashboard.FieldColorModeIdThresholds
	if p.Kind == TimeSeries {
		mode = dashboard.FieldColorModeIdPaletteClassic
	}
	defaults := dashboard.FieldConfig{
		Unit: new(string(p.Unit)), Color: &dashboard.FieldColor{Mode: mode}, Min: p.Minimum, Max: p.Maximum,
		Thresholds: grafanaThresholds(p.Steps), Mappings: grafanaMappings(p.Texts),
	}
	if p.Decimals != nil {
		defaults.Decimals = new(float64(*p.Decimals))
	}
	return defaults
}

// grafanaThresholds always has a colour: where there are none, values have that of plain text.
func grafanaThresholds(colors []Step) *dashboard.ThresholdsConfig {
	if len(colors) == 0 {
		colors = steps("text")
	}
	thresholds := &dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute}
	for _, step := range colors {
		threshold := dashboard.Threshold{Color: string(step.Color)}
		if !math.IsInf(step.From, -1) {
			threshold.Value = &step.From
		}
		thresholds.Steps = append(thresholds.Steps, threshold)
	}
	return thresholds
}

func grafanaMappings(texts []Text) []dashboard.ValueMapping {
	if len(texts) == 0 {
		return nil
	}
	options := map[string]dashboard.ValueMappingResult{}
	for i, text := range texts {
		options[strconv.Itoa(text.Value)] = dashboard.ValueMappingResult{
			Text: &text.Text, Color: new(string(text.Color)), Index: new(int32(i)), // #nosec G115 -- few
		}
	}
	return []dashboard.ValueMapping{{ValueMap: &dashboard.ValueMap{Type: dashboard.MappingTypeValueToText, Options: options}}}
}

func (p Panel) grafanaStat() *stat.Options {
	options := stat.NewOptions()
	options.GraphMode = common.BigValueGraphModeNone
	options.Orientation, options.ReduceOptions = common.VizOrientationAuto, lastValue()
	if len(p.Steps) == 0 {
		options.ColorMode = common.BigValueColorModeNone
	}
	return options
}

func lastValue() common.ReduceDataOptions {
	return common.ReduceDataOptions{Calcs: []string{"lastNotNull"}, Fields: new(""), Values: new(false)}
}
