package monitoring

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// grafanaGraph is how a time series is drawn: the panel's options and those of its series.
func (p Panel) grafanaGraph() (*timeseries.Options, *common.GraphFieldConfig) {
	options := timeseries.NewOptions()
	options.Legend.ShowLegend = true
	options.Tooltip.Mode = common.TooltipDisplayModeMulti
	options.Tooltip.Sort = common.SortOrderDescending

	style := &common.GraphFieldConfig{
		DrawStyle: new(common.GraphDrawStyleLine), LineInterpolation: new(common.LineInterpolationLinear),
		LineWidth: new(1.0), FillOpacity: new(10.0), PointSize: new(5.0), ShowPoints: new(common.VisibilityModeAuto),
		SpanNulls: &common.BoolOrFloat64{Bool: new(false)},
	}
	switch p.Draw {
	case Lines:
	case Stairs:
		style.LineInterpolation = new(common.LineInterpolationStepAfter)
		style.ShowPoints = new(common.VisibilityModeNever)
		style.FillOpacity = new(0.0)
	case Bars:
		style.DrawStyle = new(common.GraphDrawStyleBars)
		style.FillOpacity = new(80.0)
		style.LineWidth = new(0.0)
		style.ShowPoints = new(common.VisibilityModeNever)
		style.Stacking = &common.StackingConfig{Mode: new(common.StackingModeNormal), Group: new("A")}
	case Points:
		style.DrawStyle = new(common.GraphDrawStylePoints)
		style.PointSize = new(7.0)
		style.ShowPoints = new(common.VisibilityModeAlways)
	}
	if p.Logarithmic {
		style.ScaleDistribution = &common.ScaleDistributionConfig{Type: common.ScaleDistributionLog, Log: new(10.0)}
	}
	if len(p.Steps) > 0 {
		style.ThresholdsStyle = &common.GraphThresholdsStyleConfig{Mode: common.GraphThresholdsStyleModeDashed}
	}
	return options, style
}
