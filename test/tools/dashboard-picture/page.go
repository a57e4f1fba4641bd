package main

import (
	"fmt"
	"html"
	"image"
	"math"
	"strings"
)

// page is a drawn dashboard.
type page struct {
	html   string
	width  int
	height int
	// places are where the panels are, by the name of a file for each.
	places map[string]image.Rectangle
}

const style = `
* { box-sizing: border-box; margin: 0; }
body { background: ` + canvas + `; color: ` + textColor + `; font: 14px Inter, Roboto, "Helvetica Neue", Arial, "Liberation Sans", "DejaVu Sans", sans-serif; }
header { position: absolute; left: 0; right: 0; top: 0; }
.bar { display: flex; justify-content: space-between; align-items: center; height: 48px; padding: 0 16px; background: ` + panelColor + `;
  border-bottom: 1px solid ` + borderColor + `; }
.bar b { font-weight: 500; } .bar span { color: ` + faintColor + `; }
.variables { display: flex; gap: 8px; padding: 8px 16px; font-size: 12px; }
.variables div { display: flex; border: 1px solid ` + borderColor + `; border-radius: 2px; }
.variables div * { padding: 6px 10px; font-weight: 500; }
.variables div b { background: ` + panelColor + `; }
section { position: absolute; background: ` + panelColor + `; border: 1px solid ` + borderColor + `; border-radius: 2px; overflow: hidden; }
section h2 { font-size: 14px; font-weight: 500; line-height: 32px; height: 32px; padding: 0 8px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
section > div.inside { position: absolute; left: 8px; right: 8px; top: 32px; bottom: 8px; overflow: hidden; }
h1 { position: absolute; font-size: 16px; font-weight: 500; line-height: 30px; }
h1::before { content: ""; display: inline-block; width: 7px; height: 7px; margin: 0 10px 3px 4px; border: solid ` + textColor + `; border-width: 0 1.5px 1.5px 0;
  transform: rotate(45deg); }
svg { display: block; } svg text { fill: ` + textColor + `; font-size: 12px; } svg text.gauge { font-size: 26px; font-weight: 500; }
.legend { display: flex; flex-wrap: wrap; align-content: flex-start; font-size: 12px; line-height: 22px; height: 66px; overflow: hidden; }
.legend span { margin-right: 14px; white-space: nowrap; }
.legend i { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin: 0 7px 3px 0; }
.stat { height: 100%; display: flex; align-items: center; justify-content: center; font-weight: 500; white-space: nowrap; }
.none { height: 100%; display: flex; align-items: center; justify-content: center; color: ` + faintColor + `; }
table { width: 100%; border-collapse: collapse; font-size: 13px; }
th { color: #6e9fff; font-weight: 500; } th, td { padding: 0 8px; height: 35px; border-bottom: 1px solid ` + borderColor + `; white-space: nowrap; }
.text { text-align: left; } .number { text-align: right; }
`

// layOut puts the panels where the dashboard has them.
func layOut(board *dashboard, drawings []drawing, o *options) page {
	p := page{width: pageWidth, places: map[string]image.Rectangle{}}
	var body strings.Builder
	body.WriteString(head(board, o))
	for _, d := range drawings {
		place := d.panel.GridPos
		p.height = max(p.height, int(place.top()+place.height())+margin)
		if d.panel.Type == "row" {
			fmt.Fprintf(&body, `<h1 style="left:%.1fpx;top:%.1fpx">%s</h1>`, place.left(), place.top(), html.EscapeString(d.panel.Title))
			continue
		}
		fmt.Fprintf(&body, `<section style="left:%.1fpx;top:%.1fpx;width:%.1fpx;height:%.1fpx"><h2>%s</h2><div class="inside">%s</div></section>`,
			place.left(), place.top(), place.width(), place.height(), html.EscapeString(d.panel.Title), d.html)
		p.places[fileName(d.panel)] = image.Rect(int(place.left()), int(place.top()),
			int(math.Ceil(place.left()+place.width())), int(math.Ceil(place.top()+place.height())))
	}
	p.html = fmt.Sprintf("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>%s</title><style>%s</style></head>"+
		"<body style=\"width:%dpx;height:%dpx;position:relative\">%s</body></html>\n",
		html.EscapeString(board.Title), style, p.width, p.height, body.String())
	return p
}

func head(board *dashboard, o *options) string {
	var variables strings.Builder
	for _, v := range board.Templating.List {
		value := "All"
		if chosen := o.variables[v.Name]; len(chosen) > 0 {
			value = strings.Join(chosen, " + ")
		}
		if v.Type == "datasource" {
			value = "Prometheus"
		}
		fmt.Fprintf(&variables, `<div><b>%s</b><span>%s</span></div>`, html.EscapeString(v.Label), html.EscapeString(value))
	}
	const layout = "2006-01-02 15:04"
	return fmt.Sprintf(`<header><div class="bar"><b>%s</b><span>%s to %s UTC</span></div><div class="variables">%s</div></header>`,
		html.EscapeString(board.Title), o.from.UTC().Format(layout), o.to.UTC().Format(layout), variables.String())
}

// fileName is a name for a panel's picture.
func fileName(p panel) string {
	words := strings.FieldsFunc(strings.ToLower(p.Title), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return fmt.Sprintf("%d-%s.png", p.ID, strings.Join(words, "-"))
}
