package main

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

const (
	legendHeight = 22
	axisHeight   = 22
	letterWidth  = 7.8 // of the axes' font, about
)

// line is a series in a graph.
type line struct {
	name, color string
	samples     []sample
	// base is what the samples stand on where they are stacked.
	base []float64
}

// graph maps times and values to the place where they are drawn.
type graph struct {
	size
	panel
	left     float64
	from, to float64
	step     float64
	axis     axis
	svg      strings.Builder
}

func drawGraph(p panel, data []result, inside size, o *options) string {
	lines := linesOf(p, data)
	if len(lines) == 0 {
		return noData
	}
	g := &graph{size: inside, panel: p, from: float64(o.from.Unix()), to: float64(o.to.Unix()), step: p.step(o).Seconds()}
	g.height -= legendRows(lines, inside.width) * legendHeight
	low, high := extent(lines, p.FieldConfig.Defaults.Custom)
	if p.FieldConfig.Defaults.Custom.ScaleDistribution.Type == "log" {
		g.axis = logarithmicAxis(low, high)
	} else {
		g.axis = newAxis(low, high, p.FieldConfig.Defaults, g.height-axisHeight)
	}
	g.drawAxes(o.from, o.to)
	g.drawThresholds()
	for _, l := range lines {
		g.drawLine(l)
	}
	return fmt.Sprintf(`<svg width="%.0f" height="%.0f">%s</svg>%s`, g.width, g.height, g.svg.String(), legend(lines))
}

func linesOf(p panel, data []result) []line {
	var lines []line
	stacked := p.FieldConfig.Defaults.Custom.Stacking.Mode == "normal"
	sums := map[float64]float64{}
	for _, r := range data {
		for _, s := range r.series {
			l := line{name: s.legend(r.target.LegendFormat), color: seriesColor(len(lines)), samples: s.samples}
			for _, sample := range s.samples {
				l.base = append(l.base, sums[sample.time])
				if stacked && !math.IsNaN(sample.value) {
					sums[sample.time] += sample.value
				}
			}
			lines = append(lines, l)
		}
	}
	return lines
}

// extent is from the smallest to the largest value. Bars stand on zero.
func extent(lines []line, style custom) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	if style.DrawStyle == "bars" {
		low, high = 0, 0
	}
	for _, l := range lines {
		for i, sample := range l.samples {
			if math.IsNaN(sample.value) || math.IsInf(sample.value, 0) {
				continue
			}
			low, high = min(low, sample.value), max(high, l.base[i]+sample.value)
		}
	}
	return low, high
}

func (g *graph) x(time float64) float64 {
	return g.left + (time-g.from)/(g.to-g.from)*(g.width-g.left)
}

func (g *graph) y(value float64) float64 {
	room := g.height - axisHeight - 6
	return 6 + room*(1-g.axis.share(value))
}

func (g *graph) drawAxes(from, to time.Time) {
	config := g.FieldConfig.Defaults
	texts := make([]string, len(g.axis.ticks))
	for i, tick := range g.axis.ticks {
		text, err := format(tick, config.Unit, nil)
		if err != nil {
			text = err.Error()
		}
		texts[i] = text
		g.left = max(g.left, float64(len([]rune(text)))*letterWidth+16)
	}
	for i, tick := range g.axis.ticks {
		fmt.Fprintf(&g.svg, `<path d="M%.1f %.1fH%.1f" stroke="%s"/><text x="%.1f" y="%.1f" text-anchor="end">%s</text>`,
			g.left, g.y(tick), g.width, gridColor, g.left-8, g.y(tick)+4, html.EscapeString(texts[i]))
	}
	ticks, layout := timeTicks(from, to, g.width-g.left)
	for _, tick := range ticks {
		x := g.x(float64(tick.Unix()))
		fmt.Fprintf(&g.svg, `<path d="M%.1f 6V%.1f" stroke="%s"/>`, x, g.height-axisHeight, gridColor)
		if half := float64(len(layout)) * letterWidth / 2; x-half > g.left-10 && x+half < g.width {
			fmt.Fprintf(&g.svg, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, x, g.height-6, tick.Format(layout))
		}
	}
}

func (g *graph) drawThresholds() {
	config := g.FieldConfig.Defaults
	if config.Custom.ThresholdsStyle.Mode != "dashed" {
		return
	}
	for _, step := range config.Thresholds.Steps {
		if step.Value != nil && *step.Value > g.axis.minimum && *step.Value <= g.axis.maximum {
			fmt.Fprintf(&g.svg, `<path d="M%.1f %.1fH%.1f" stroke="%s" stroke-width="1.5" stroke-dasharray="8 8" opacity="0.8"/>`,
				g.left, g.y(*step.Value), g.width, named[step.Color])
		}
	}
}

func (g *graph) drawLine(l line) {
	switch style := g.FieldConfig.Defaults.Custom; style.DrawStyle {
	case "bars":
		g.drawBars(l)
	case "points":
		for _, s := range l.samples {
			g.drawPoint(s, l.color, style.PointSize/2)
		}
	default:
		for _, run := range runs(l.samples, g.step) {
			g.drawRun(run, l.color)
		}
	}
}

func (g *graph) drawBars(l line) {
	style := g.FieldConfig.Defaults.Custom
	width := max(1, 0.6*g.step/(g.to-g.from)*(g.width-g.left))
	for i, s := range l.samples {
		if !(s.value > 0) {
			continue
		}
		left := max(g.left, g.x(s.time)-width/2)
		right := min(g.width, g.x(s.time)+width/2)
		if top := g.y(l.base[i] + s.value); right > left {
			fmt.Fprintf(&g.svg, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" fill-opacity="%.2f"/>`,
				left, top, right-left, g.y(l.base[i])-top, l.color, style.FillOpacity/100)
		}
	}
}

// drawRun draws samples without a gap.
func (g *graph) drawRun(run []sample, color string) {
	style := g.FieldConfig.Defaults.Custom
	if len(run) == 1 && style.ShowPoints != "never" {
		g.drawPoint(run[0], color, style.PointSize/2)
		return
	}
	var path strings.Builder
	for i, s := range run {
		switch {
		case i == 0:
			fmt.Fprintf(&path, "M%.1f %.1f", g.x(s.time), g.y(s.value))
		case style.LineInterpolation == "stepAfter":
			fmt.Fprintf(&path, "H%.1fV%.1f", g.x(s.time), g.y(s.value))
		default:
			fmt.Fprintf(&path, "L%.1f %.1f", g.x(s.time), g.y(s.value))
		}
	}
	floor := g.y(max(g.axis.minimum, min(0, g.axis.maximum)))
	fmt.Fprintf(&g.svg, `<path d="%s V%.1f H%.1f Z" fill="%s" fill-opacity="%.2f"/><path d="%[1]s" fill="none" stroke="%[4]s" stroke-width="%[6]g"/>`,
		path.String(), floor, g.x(run[0].time), color, style.FillOpacity/100, max(1.3, style.LineWidth))
}

func (g *graph) drawPoint(s sample, color string, radius float64) {
	if !math.IsNaN(s.value) && s.time >= g.from {
		fmt.Fprintf(&g.svg, `<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s"/>`, g.x(s.time), g.y(s.value), radius, color)
	}
}

// runs are the samples between gaps.
func runs(samples []sample, step float64) [][]sample {
	var found [][]sample
	for i, s := range samples {
		if math.IsNaN(s.value) || math.IsInf(s.value, 0) {
			continue
		}
		if i == 0 || len(found) == 0 || s.time-found[len(found)-1][len(found[len(found)-1])-1].time > 1.5*step {
			found = append(found, nil)
		}
		found[len(found)-1] = append(found[len(found)-1], s)
	}
	return found
}

// legendRows is how many lines the legend takes, at most three.
func legendRows(lines []line, width float64) float64 {
	rows, used := 1.0, 0.0
	for _, l := range lines {
		item := 36 + float64(len([]rune(l.name)))*letterWidth
		if used+item > width && used > 0 {
			rows, used = rows+1, 0
		}
		used += item
	}
	return min(3, rows)
}

func legend(lines []line) string {
	var items strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&items, `<span><i style="background:%s"></i>%s</span>`, l.color, html.EscapeString(l.name))
	}
	return `<div class="legend">` + items.String() + `</div>`
}
