package monitoring

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/table"
)

// organization is the options of Grafana's transformation "organize": which fields there are, in which order, called what.
type organization struct {
	ExcludeByName map[string]bool   `json:"excludeByName"`
	IndexByName   map[string]int    `json:"indexByName"`
	RenameByName  map[string]string `json:"renameByName"`
}

// grafanaTable joins the results of the queries into one table, and gives each column its title and look.
func (p Panel) grafanaTable(panel *dashboard.Panel) {
	options := table.NewOptions()
	options.Footer = nil // gone from newer Grafana
	panel.Options = options
	custom := common.NewTableFieldOptions()
	custom.Align = common.FieldTextAlignmentAuto
	custom.CellOptions = &common.TableCellOptions{TableAutoCellOptions: &common.TableAutoCellOptions{Type: common.TableCellDisplayModeAuto}}
	panel.FieldConfig.Defaults.Custom = custom

	organized := organization{ExcludeByName: map[string]bool{"Time": true}, IndexByName: map[string]int{}, RenameByName: map[string]string{}}
	for i, label := range p.Labels {
		organized.IndexByName[label.Label] = i
		organized.RenameByName[label.Label] = label.Title
		options.SortBy = append(options.SortBy, common.TableSortByFieldState{DisplayName: label.Title, Desc: new(false)})
	}
	for i, query := range p.Queries {
		field := p.valueField(i)
		if query.Name == "" {
			organized.ExcludeByName[field] = true
			continue
		}
		organized.IndexByName[field] = len(p.Labels) + i
		organized.RenameByName[field] = query.Name
		panel.FieldConfig.Overrides = append(panel.FieldConfig.Overrides, columnLook(query))
	}
	panel.Transformations = []dashboard.DataTransformerConfig{
		{Id: "merge", Options: map[string]any{}},
		{Id: "organize", Options: organized},
	}
}

// valueField is what Grafana calls the values of a query: by its letter only where there are several.
func (p Panel) valueField(query int) string {
	if len(p.Queries) == 1 {
		return "Value"
	}
	return "Value #" + refID(query)
}

// columnLook is how the numbers of a query's column are shown.
func columnLook(query Query) dashboard.DashboardFieldConfigSourceOverrides {
	properties := []dashboard.DynamicConfigValue{{Id: "unit", Value: string(query.Unit)}}
	if query.Decimals != nil {
		properties = append(properties, dashboard.DynamicConfigValue{Id: "decimals", Value: *query.Decimals})
	}
	if len(query.Steps) > 0 {
		properties = append(properties, dashboard.DynamicConfigValue{Id: "thresholds", Value: grafanaThresholds(query.Steps)})
	}
	if len(query.Texts) > 0 {
		properties = append(properties, dashboard.DynamicConfigValue{Id: "mappings", Value: grafanaMappings(query.Texts)})
	}
	if len(query.Texts) > 0 { // words, though they stand for numbers
		properties = append(properties, dashboard.DynamicConfigValue{Id: "custom.align", Value: common.FieldTextAlignmentLeft})
	}
	if len(query.Steps)+len(query.Texts) > 0 {
		properties = append(properties, dashboard.DynamicConfigValue{
			Id: "custom.cellOptions", Value: common.TableColorTextCellOptions{Type: common.TableCellDisplayModeColorText},
		})
	}
	return dashboard.DashboardFieldConfigSourceOverrides{
		Matcher: dashboard.MatcherConfig{Id: "byName", Options: query.Name}, Properties: properties,
	}
}
