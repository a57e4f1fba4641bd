package main

import (
	"encoding/json"
	"errors"
	"os"
)

// dashboard is what is drawn of a dashboard in Grafana's JSON; the rest of it is not read.
type dashboard struct {
	Title      string  `json:"title"`
	Panels     []panel `json:"panels"`
	Templating struct {
		List []variable `json:"list"`
	} `json:"templating"`
}

type variable struct {
	Type     string `json:"type"`
	Name     string `json:"name"`
	Label    string `json:"label"`
	AllValue string `json:"allValue"`
}

type panel struct {
	ID            int     `json:"id"`
	Type          string  `json:"type"`
	Title         string  `json:"title"`
	GridPos       gridPos `json:"gridPos"`
	MaxDataPoints float64 `json:"maxDataPoints"`
	Targets       []target
	FieldConfig   struct {
		Defaults  fieldConfig `json:"defaults"`
		Overrides []override  `json:"overrides"`
	} `json:"fieldConfig"`
	Transformations []transformation `json:"transformations"`
	Options         struct {
		SortBy []struct {
			DisplayName string `json:"displayName"`
			Desc        bool   `json:"desc"`
		} `json:"sortBy"`
	} `json:"options"`
}

type target struct {
	Expr         string `json:"expr"`
	RefID        string `json:"refId"`
	LegendFormat string `json:"legendFormat"`
	Instant      bool   `json:"instant"`
}

type fieldConfig struct {
	Unit     string   `json:"unit"`
	Decimals *int     `json:"decimals"`
	Min      *float64 `json:"min"`
	Max      *float64 `json:"max"`
	Color    struct {
		Mode string `json:"mode"`
	} `json:"color"`
	Thresholds thresholds `json:"thresholds"`
	Mappings   []mapping  `json:"mappings"`
	Custom     custom     `json:"custom"`
}

type thresholds struct {
	Steps []struct {
		Color string   `json:"color"`
		Value *float64 `json:"value"`
	} `json:"steps"`
}

// mapping is a text in place of a value, by the value.
type mapping struct {
	Options map[string]struct {
		Text  string `json:"text"`
		Color string `json:"color"`
	} `json:"options"`
}

type custom struct {
	DrawStyle         string  `json:"drawStyle"`
	LineInterpolation string  `json:"lineInterpolation"`
	LineWidth         float64 `json:"lineWidth"`
	FillOpacity       float64 `json:"fillOpacity"`
	PointSize         float64 `json:"pointSize"`
	ShowPoints        string  `json:"showPoints"`
	Stacking          struct {
		Mode string `json:"mode"`
	} `json:"stacking"`
	ThresholdsStyle struct {
		Mode string `json:"mode"`
	} `json:"thresholdsStyle"`
	ScaleDistribution struct {
		Type string `json:"type"`
	} `json:"scaleDistribution"`
	Align       string `json:"align"`
	CellOptions struct {
		Type string `json:"type"`
	} `json:"cellOptions"`
}

type override struct {
	Matcher struct {
		ID      string `json:"id"`
		Options string `json:"options"`
	} `json:"matcher"`
	Properties []struct {
		ID    string          `json:"id"`
		Value json.RawMessage `json:"value"`
	} `json:"properties"`
}

type transformation struct {
	ID      string       `json:"id"`
	Options organization `json:"options"`
}

// organization is what the transformation "organize" does with a table's columns.
type organization struct {
	ExcludeByName map[string]bool   `json:"excludeByName"`
	IndexByName   map[string]int    `json:"indexByName"`
	RenameByName  map[string]string `json:"renameByName"`
}

func readDashboard(file string) (*dashboard, error) {
	content, err := os.ReadFile(file) // #nosec G304 -- that is what it is for
	if err != nil {
		return nil, err
	}
	board := &dashboard{}
	if err := json.Unmarshal(content, board); err != nil {
		return nil, err
	}
	if len(board.Panels) == 0 {
		return nil, errors.New("it has no panels")
	}
	return board, nil
}

// field is the configuration of a field by its name: the panel's, and what is overridden for this one.
func (p panel) field(name string) (fieldConfig, error) {
	config := p.FieldConfig.Defaults
	for _, o := range p.FieldConfig.Overrides {
		if o.Matcher.ID != "byName" {
			return config, errors.New("only overrides by name are known")
		}
		if o.Matcher.Options != name {
			continue
		}
		for _, property := range o.Properties {
			goal, known := map[string]any{
				"unit": &config.Unit, "decimals": &config.Decimals, "thresholds": &config.Thresholds, "mappings": &config.Mappings,
				"custom.cellOptions": &config.Custom.CellOptions, "custom.align": &config.Custom.Align,
			}[property.ID]
			if !known {
				return config, errors.New("no such property: " + property.ID)
			}
			if err := json.Unmarshal(property.Value, goal); err != nil {
				return config, err
			}
		}
	}
	return config, nil
}
