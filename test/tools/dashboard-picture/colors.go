package main

// Grafana's dark theme.
const (
	canvas      = "#111217"
	panelColor  = "#181b1f"
	borderColor = "#25282d"
	textColor   = "#ccccdc"
	faintColor  = "#8e8e99"
	gridColor   = "rgba(204,204,220,0.10)"
)

var named = map[string]string{
	"green": "#73bf69", "orange": "#ff9830", "red": "#f2495c", "blue": "#5794f2", "yellow": "#fade2a", "text": textColor,
}

// palette is Grafana's classic one, for series one after the other.
var palette = []string{
	"#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0", "#37872d", "#fade2a", "#447ebc", "#c15c17",
	"#890f02", "#0a437c", "#6d1f62", "#584477", "#b7dbab", "#f4d598", "#70dbed", "#f9ba8f", "#f29191", "#82b5d8",
}

func seriesColor(n int) string { return palette[n%len(palette)] }

// color is that of a value by thresholds.
func (t thresholds) color(value float64) string {
	chosen := textColor
	for _, step := range t.Steps {
		if step.Value == nil || value >= *step.Value {
			chosen = named[step.Color]
		}
	}
	return chosen
}

// show is a value as text with its colour, by the configuration of its field.
func (c fieldConfig) show(value float64) (text, color string, err error) {
	color = c.Thresholds.color(value)
	plain, err := format(value, "short", nil)
	if err != nil {
		return "", "", err
	}
	for _, m := range c.Mappings {
		if replacement, found := m.Options[plain]; found {
			return replacement.Text, named[replacement.Color], nil
		}
	}
	text, err = format(value, c.Unit, c.Decimals)
	return text, color, err
}
