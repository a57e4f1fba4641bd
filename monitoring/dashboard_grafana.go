package monitoring

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// grafanaTag finds our dashboards among others; each links to those that have it.
const grafanaTag = "zen-lead"

// sectionIDs is where the ids of sections begin, out of the way of the panels'.
const sectionIDs = 1000

// everything is what a variable stands for while nothing is chosen: also series that do not have the label at all.
const everything = ".*"

// prometheusSource is the data source that people choose at the top.
func prometheusSource() *common.DataSourceRef {
	return &common.DataSourceRef{Type: new("prometheus"), Uid: new("${datasource}")}
}

// Grafana is the dashboard as Grafana imports it: the same bytes each time, so nothing in it is Grafana's to assign.
func (d Dashboard) Grafana() ([]byte, error) {
	model := dashboard.NewDashboard()
	model.Uid, model.Title, model.Description = &d.UID, &d.Title, &d.Description
	model.Tags = []string{grafanaTag, "kubernetes"}
	model.GraphTooltip = new(dashboard.DashboardCursorSyncCrosshair)
	model.Time = &dashboard.DashboardDashboardTime{From: "now-6h", To: "now"}
	model.Refresh = new("30s")
	model.Links = []dashboard.DashboardLink{{
		Title: "Zen-Lead", Type: dashboard.DashboardLinkTypeDashboards, Icon: "external link", Tags: []string{grafanaTag}, KeepTime: true,
	}}
	model.Templating.List = d.grafanaVariables()
	y := 0
	for i, section := range d.Sections {
		places, next := section.place(y)
		model.Panels = append(model.Panels, dashboard.PanelOrRowPanel{RowPanel: &dashboard.RowPanel{
			Type: "row", Id: uint32(sectionIDs + i), Title: &section.Title, Panels: []dashboard.Panel{}, // #nosec G115 -- few
			GridPos: &dashboard.GridPos{W: gridColumns, H: titleHeight, X: 0, Y: uint32(y)}, // #nosec G115 -- few
		}})
		for j, panel := range section.Panels {
			rendered := panel.grafana(places[j])
			model.Panels = append(model.Panels, dashboard.PanelOrRowPanel{Panel: &rendered})
		}
		y = next
	}
	if err := model.Validate(); err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", d.Name, err)
	}
	return indented(d.Name, model)
}

func (d Dashboard) grafanaVariables() []dashboard.VariableModel {
	models := make([]dashboard.VariableModel, 0, 1+len(d.Variables))
	models = append(models, dashboard.VariableModel{
		Type: dashboard.VariableTypeDatasource, Name: "datasource", Label: new("Data source"), Hide: new(dashboard.VariableHideDontHide),
		Query: &dashboard.StringOrMap{String: new("prometheus")}, Regex: new(""),
	})
	for _, variable := range d.Variables {
		models = append(models, dashboard.VariableModel{
			Type: dashboard.VariableTypeQuery, Name: variable.Name, Label: &variable.Title, Hide: new(dashboard.VariableHideDontHide),
			Datasource: prometheusSource(), Query: &dashboard.StringOrMap{String: new(variable.query())},
			Multi: new(true), IncludeAll: new(true), AllValue: new(everything),
			Current: &dashboard.VariableOption{
				Selected: new(true), Text: dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}},
				Value: dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}},
			},
			Refresh: new(dashboard.VariableRefreshOnTimeRangeChanged), Sort: new(dashboard.VariableSortAlphabeticalAsc),
		})
	}
	return models
}

// query finds the values, in a form that Grafana and the OpenShift console both understand.
func (v Variable) query() string { return fmt.Sprintf("label_values(%s, %s)", v.Series, v.Name) }
