package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestATableJoinsTheQueriesByTheirLabels(t *testing.T) {
	p := panel{Targets: []target{{RefID: "A"}, {RefID: "B"}}}
	p.Transformations = []transformation{{ID: "merge"}, {ID: "organize", Options: organization{
		ExcludeByName: map[string]bool{"instance": true},
		IndexByName:   map[string]int{"service": 0, "Value #A": 1, "Value #B": 2},
		RenameByName:  map[string]string{"service": "Service", "Value #A": "Up", "Value #B": "Epoch"},
	}}}
	one := func(service string, value float64) series {
		return series{labels: map[string]string{"service": service, "instance": "x"}, samples: []sample{{0, value}}}
	}
	table, err := organize(p, join(p, []result{
		{target: p.Targets[0], series: []series{one("a", 1), one("b", 0)}},
		{target: p.Targets[1], series: []series{one("a", 7)}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, c := range table.columns {
		titles = append(titles, c.title)
	}
	if got := strings.Join(titles, ","); got != "Service,Up,Epoch" {
		t.Errorf("columns %s", got)
	}
	if _, has := table.rows[1]["Value #B"]; has || len(table.rows) != 2 || table.rows[0]["Value #B"].number != 7 {
		t.Errorf("rows %v", table.rows)
	}
	p.Transformations[0].ID = "reduce"
	if _, err := organize(p, table); err == nil {
		t.Error("an unknown transformation is passed over")
	}
}

func TestThresholdsAndMappingsColourAValue(t *testing.T) {
	board, err := readDashboard("../../../monitoring/generated/dashboards/overview.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range board.Panels {
		if p.Title != "Who leads where" {
			continue
		}
		config, err := p.field("State")
		if err != nil {
			t.Fatal(err)
		}
		up, green, _ := config.show(1)
		down, red, _ := config.show(0)
		if got := fmt.Sprint(up, green, down, red); got != "up#73bf69down#f2495c" {
			t.Error(got)
		}
	}
}
