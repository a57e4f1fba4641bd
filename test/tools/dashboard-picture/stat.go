package main

import (
	"fmt"
	"html"
	"math"
)

const noData = `<div class="none">No data</div>`

// single is the one number that a stat or a gauge shows.
func single(data []result) (float64, bool) {
	for _, r := range data {
		for _, s := range r.series {
			return s.last()
		}
	}
	return 0, false
}

func drawStat(p panel, data []result, inside size) string {
	value, found := single(data)
	if !found {
		return noData
	}
	text, color, err := p.FieldConfig.Defaults.show(value)
	if err != nil {
		text = err.Error()
	}
	letter := min(inside.height*0.7, inside.width/(0.62*float64(max(4, len([]rune(text))))), 56)
	return fmt.Sprintf(`<div class="stat" style="color:%s;font-size:%.0fpx">%s</div>`, color, letter, html.EscapeString(text))
}

// drawGauge draws an arc of three quarters of a circle, with the thresholds as a thin one around it.
func drawGauge(p panel, data []result, inside size) string {
	config := p.FieldConfig.Defaults
	value, found := single(data)
	if !found || config.Min == nil || config.Max == nil {
		return noData
	}
	text, color, err := config.show(value)
	if err != nil {
		text = err.Error()
	}
	low, high := *config.Min, *config.Max
	share := func(v float64) float64 { return min(1, max(0, (v-low)/(high-low))) }
	outer := min(inside.width/2-6, inside.height/1.72)
	x, y := inside.width/2, outer+2
	svg := arc(x, y, outer-10, 0, 1, 14, "rgba(204,204,220,0.12)") + arc(x, y, outer-10, 0, share(value), 14, color)
	for i, step := range config.Thresholds.Steps {
		begin, end := 0.0, 1.0
		if step.Value != nil {
			begin = share(*step.Value)
		}
		if i+1 < len(config.Thresholds.Steps) {
			end = share(*config.Thresholds.Steps[i+1].Value)
		}
		svg += arc(x, y, outer, begin, end, 3, named[step.Color])
	}
	letter := min(26, 2*(outer-22)/(0.62*float64(len([]rune(text))))) // it fits between the ends of the arc
	return fmt.Sprintf(`<svg width="%.0f" height="%.0f">%s<text x="%.1f" y="%.1f" class="gauge" text-anchor="middle" style="fill:%s;font-size:%.1fpx">%s</text></svg>`,
		inside.width, inside.height, svg, x, y+letter/3, color, letter, html.EscapeString(text))
}

// arc is a part of a gauge's scale, in shares of the whole.
func arc(x, y, radius, from, to, width float64, color string) string {
	if to <= from {
		return ""
	}
	const start, sweep = -210.0, 240.0
	point := func(share float64) (float64, float64) {
		angle := (start + sweep*share) * math.Pi / 180
		return x + radius*math.Cos(angle), y + radius*math.Sin(angle)
	}
	x1, y1 := point(from)
	x2, y2 := point(to)
	large := 0
	if (to-from)*sweep > 180 {
		large = 1
	}
	return fmt.Sprintf(`<path d="M%.2f %.2fA%.2f %.2f 0 %d 1 %.2f %.2f" fill="none" stroke="%s" stroke-width="%g"/>`,
		x1, y1, radius, radius, large, x2, y2, color, width)
}
