package monitoring

// consoleBoard is a dashboard as the OpenShift console reads it: what it takes of Grafana's format of before 2018. Source: the
// types of openshift/monitoring-plugin, web/src/components/dashboards/legacy, and of openshift/console before it.
type consoleBoard struct {
	Title         string            `json:"title"`
	Tags          []string          `json:"tags"`
	UID           string            `json:"uid"`
	SchemaVersion int               `json:"schemaVersion"`
	Rows          []consoleRow      `json:"rows"`
	Templating    consoleTemplating `json:"templating"`
}

type consoleRow struct {
	Title     string         `json:"title"`
	ShowTitle bool           `json:"showTitle"`
	Collapse  bool           `json:"collapse"`
	Panels    []consolePanel `json:"panels"`
}

type consoleTemplating struct {
	List []consoleVariable `json:"list"`
}

// consoleVariable offers one value or all; the console knows no choice of several.
type consoleVariable struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Type  string `json:"type"`
	// Query must have the form label_values(series, label), with exactly one space.
	Query      string `json:"query"`
	IncludeAll bool   `json:"includeAll"`
	// Hide is always there: the console hides a variable that does not say 0.
	Hide    int             `json:"hide"`
	Options []consoleOption `json:"options"`
}

type consoleOption struct {
	Selected bool   `json:"selected"`
	Value    string `json:"value"`
}

const (
	// consoleSchema is the last version of the format that had rows.
	consoleSchema = 14
	// consoleColumns are the columns of the console's grid.
	consoleColumns = 12
)

// OpenShiftConsole is the dashboard as the console of OpenShift shows it. What it cannot show is left out: descriptions, dates,
// texts in tables, the choice of several values and of a data source.
func (d Dashboard) OpenShiftConsole() ([]byte, error) {
	board := consoleBoard{
		Title: d.Title, Tags: []string{grafanaTag}, UID: d.UID, SchemaVersion: consoleSchema,
		Rows: []consoleRow{}, Templating: consoleTemplating{List: []consoleVariable{}},
	}
	for _, variable := range d.Variables {
		board.Templating.List = append(board.Templating.List, consoleVariable{
			Name: variable.Name, Label: variable.Title, Type: "query", Query: variable.query(), IncludeAll: true, Options: []consoleOption{},
		})
	}
	for _, section := range d.Sections {
		row := consoleRow{Title: section.Title, ShowTitle: true}
		for _, panel := range section.Panels {
			row.Panels = append(row.Panels, panel.console())
		}
		board.Rows = append(board.Rows, row)
	}
	return indented(d.Name, board)
}
