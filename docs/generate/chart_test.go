package main

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// listed is the table of values as a chart has them.
func listed(t *testing.T, values string) (string, error) {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(values), &document); err != nil {
		t.Fatal(err)
	}
	table := &strings.Builder{}
	err := listValues(table, "", document.Content[0])
	return table.String(), err
}

func TestEachValueIsListedWithTheCommentAboveIt(t *testing.T) {
	const values = `# Of the whole file.

image:
  # Where it is
  # or was.
  name: zen-lead
  # a | b
  tag: ""

# All of it.
resources:
  limits: {cpu: 1}
# Several.
list:
- {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 30}
`
	const want = "| `image.name` | `zen-lead` | Where it is or was. |\n" +
		"| `image.tag` | `\"\"` | a \\| b |\n" +
		"| `resources` | `{limits: {cpu: 1}}` | All of it. |\n" +
		"| `list` | see values.yaml | Several. |\n"
	if got, err := listed(t, values); err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

func TestAValueThatNobodyDescribesIsAnError(t *testing.T) {
	for _, values := range []string{"image:\n  name: a\n", "labels: {}\n"} {
		if got, err := listed(t, values); err == nil || !strings.Contains(err.Error(), "has no comment above it") {
			t.Errorf("got %v\n%s", err, got)
		}
	}
}
