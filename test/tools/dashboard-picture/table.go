package main

import (
	"cmp"
	"fmt"
	"html"
	"slices"
	"strings"
)

// cells are a table as Grafana's transformations make it: columns by the name that they have in the end.
type cells struct {
	columns []column
	rows    []map[string]cell
}

type column struct {
	field, title string
	numbers      bool
	alignment    string
}

// cell is a label's value or a number.
type cell struct {
	text   string
	number float64
}

func drawTable(p panel, data []result) (string, error) {
	table, err := organize(p, join(p, data))
	if err != nil {
		return "", err
	}
	if len(table.rows) == 0 {
		return noData, nil
	}
	var b strings.Builder
	b.WriteString(`<table><tr>`)
	if err := align(p, table.columns); err != nil {
		return "", err
	}
	for _, c := range table.columns {
		fmt.Fprintf(&b, `<th class="%s">%s</th>`, c.alignment, html.EscapeString(c.title))
	}
	b.WriteString(`</tr>`)
	for _, row := range table.rows {
		b.WriteString(`<tr>`)
		for _, c := range table.columns {
			text, color, err := showCell(p, c, row)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, `<td class="%s" style="color:%s">%s</td>`, c.alignment, color, html.EscapeString(text))
		}
		b.WriteString(`</tr>`)
	}
	b.WriteString(`</table>`)
	return b.String(), nil
}

// align puts numbers to the right, unless they are shown as words.
func align(p panel, columns []column) error {
	for i, c := range columns {
		config, err := p.field(c.title)
		if err != nil {
			return err
		}
		columns[i].alignment = "text"
		if c.numbers && config.Custom.Align != "left" {
			columns[i].alignment = "number"
		}
	}
	return nil
}

func showCell(p panel, c column, row map[string]cell) (text, color string, err error) {
	content, found := row[c.field]
	if !found || !c.numbers {
		return content.text, textColor, nil
	}
	config, err := p.field(c.title)
	if err != nil {
		return "", "", err
	}
	text, color, err = config.show(content.number)
	if config.Custom.CellOptions.Type != "color-text" {
		color = textColor
	}
	return text, color, err
}

// join puts series with the same labels into one row: Grafana's transformation "merge". A value is called by its query's letter
// where there are several.
func join(p panel, data []result) cells {
	table := cells{}
	rows := map[string]map[string]cell{}
	have := map[string]bool{}
	add := func(c column) {
		if !have[c.field] {
			have[c.field] = true
			table.columns = append(table.columns, c)
		}
	}
	var values []column
	for _, r := range data {
		value := column{field: "Value", title: "Value", numbers: true}
		if len(p.Targets) > 1 {
			value.field += " #" + r.target.RefID
			value.title = value.field
		}
		values = append(values, value)
		for _, s := range r.series {
			row, found := rows[s.key()]
			if !found {
				row = map[string]cell{}
				rows[s.key()] = row
				table.rows = append(table.rows, row)
			}
			for name, text := range s.labels {
				row[name] = cell{text: text}
				add(column{field: name, title: name})
			}
			number, _ := s.last()
			row[value.field] = cell{number: number}
		}
	}
	for _, value := range values {
		add(value)
	}
	return table
}

// organize leaves columns out, puts them in order and gives them their titles.
func organize(p panel, table cells) (cells, error) {
	for _, t := range p.Transformations {
		if t.ID == "merge" {
			continue
		}
		if t.ID != "organize" {
			return table, fmt.Errorf("the transformation %q is not known", t.ID)
		}
		table.columns = slices.DeleteFunc(table.columns, func(c column) bool { return t.Options.ExcludeByName[c.field] })
		slices.SortStableFunc(table.columns, func(a, b column) int {
			return cmp.Compare(t.Options.IndexByName[a.field], t.Options.IndexByName[b.field])
		})
		for i, c := range table.columns {
			if title, renamed := t.Options.RenameByName[c.field]; renamed {
				table.columns[i].title = title
			}
		}
	}
	for _, by := range slices.Backward(p.Options.SortBy) {
		i := slices.IndexFunc(table.columns, func(c column) bool { return c.title == by.DisplayName })
		if i < 0 {
			continue
		}
		field := table.columns[i].field
		slices.SortStableFunc(table.rows, func(a, b map[string]cell) int {
			order := cmp.Or(cmp.Compare(a[field].text, b[field].text), cmp.Compare(a[field].number, b[field].number))
			if by.Desc {
				return -order
			}
			return order
		})
	}
	return table, nil
}
