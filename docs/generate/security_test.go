package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is where the repository begins, as seen from here.
const root = "../.."

// proof is the last cell of a row in SECURITY.md: a test file, and the words of a spec or a test in it.
var proof = regexp.MustCompile("(?m)^\\| .* \\| `([a-z/_-]+_test\\.go)`: ([^|]+) \\|$")

func TestEachAttackInSecurityMdNamesASpecThatIsThere(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := proof.FindAllStringSubmatch(string(page), -1)
	if attacks := strings.Count(string(page), "_test.go`"); len(rows) != attacks || attacks < 20 {
		t.Errorf("%d rows can be read of %d that name a test file", len(rows), attacks)
	}
	for _, row := range rows {
		file, words := row[1], row[2]
		source, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Error(err)
		} else if !strings.Contains(string(source), words) {
			t.Errorf("%s has no %q", file, words)
		}
	}
}
