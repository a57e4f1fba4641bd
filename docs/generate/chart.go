package main

import (
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

const chartValues = "charts/zen-lead/values.yaml"

// writeChart lists the values of the Helm chart on its page, with what the comments above them say.
func writeChart() error {
	content, err := os.ReadFile(chartValues)
	if err != nil {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return fmt.Errorf("%s: %w", chartValues, err)
	}
	table := &strings.Builder{}
	table.WriteString("| value | default | |\n|---|---|---|\n")
	if err := listValues(table, "", document.Content[0]); err != nil {
		return fmt.Errorf("%s: %w", chartValues, err)
	}
	return measurement{results: chartValues, page: "charts/zen-lead/README.md"}.put(table.String())
}

// listValues writes a row for each value that has a comment. What has none is a group of values.
func listValues(table *strings.Builder, path string, values *yaml.Node) error {
	for i := 0; i < len(values.Content); i += 2 {
		key, value := values.Content[i], values.Content[i+1]
		name := strings.TrimPrefix(path+"."+key.Value, ".")
		switch comment := describe(key); {
		case comment != "":
			shown, err := showDefault(value)
			if err != nil {
				return err
			}
			fmt.Fprintf(table, "| `%s` | %s | %s |\n", name, shown, comment)
		case value.Kind == yaml.MappingNode && len(value.Content) > 0:
			if err := listValues(table, name, value); err != nil {
				return err
			}
		default:
			return fmt.Errorf("line %d: %s has no comment above it that describes it", key.Line, name)
		}
	}
	return nil
}

// describe is the comment directly above a key, in one line.
func describe(key *yaml.Node) string {
	paragraphs := strings.Split(key.HeadComment, "\n\n")
	lines := strings.Split(paragraphs[len(paragraphs)-1], "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(strings.TrimPrefix(line, "#"))
	}
	return strings.ReplaceAll(strings.Join(lines, " "), "|", `\|`)
}

// showDefault is a default as it is written in one line, or where to find it if that would be long.
func showDefault(value *yaml.Node) (string, error) {
	const longest = 80
	flow := *value
	flow.Style = yaml.FlowStyle
	if value.Kind == yaml.ScalarNode {
		flow.Style = value.Style
	}
	content, err := yaml.Marshal(&flow)
	if len(content) > longest {
		return "see values.yaml", err
	}
	return "`" + strings.TrimSpace(string(content)) + "`", err
}
