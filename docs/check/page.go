package check

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Page is a Markdown file.
type Page struct {
	Path  string // from the repository's root
	Lines []string
}

// Pages are all Markdown files that belong to the repository.
func Pages(root string) ([]Page, error) {
	command := exec.CommandContext(context.Background(), "git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md")
	command.Dir = root
	list, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the pages: %w", err)
	}
	var pages []Page
	for _, path := range strings.Fields(string(list)) {
		content, err := os.ReadFile(filepath.Join(root, path)) //nolint:gosec // pages of the repository
		if err != nil {
			return nil, err
		}
		pages = append(pages, Page{Path: filepath.ToSlash(path), Lines: strings.Split(string(content), "\n")})
	}
	return pages, nil
}

// part is what a line of a page belongs to.
type part int

const (
	text part = iota
	fence
	code
	comment
)

// walk calls a function for each line, with what it belongs to.
func (p Page) walk(see func(number int, line string, belongs part)) {
	belongs, closing := text, ""
	for number, line := range p.Lines {
		trimmed := strings.TrimSpace(line)
		switch {
		case belongs == code && trimmed == closing:
			see(number, line, fence)
			belongs = text
		case belongs == code || belongs == comment:
			see(number, line, belongs)
			if belongs == comment && strings.Contains(line, "-->") {
				belongs = text
			}
		case strings.HasPrefix(trimmed, "```"):
			see(number, line, fence)
			belongs, closing = code, trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, "`"))]
		case strings.HasPrefix(trimmed, "<!--"):
			see(number, line, comment)
			if !strings.Contains(line, "-->") {
				belongs = comment
			}
		default:
			see(number, line, text)
		}
	}
}

var heading = regexp.MustCompile(`^(#{1,6}) +(.*?) *$`)

// headings are the texts of the page's headings, in their order.
func (p Page) headings() []string {
	var found []string
	p.walk(func(_ int, line string, belongs part) {
		if match := heading.FindStringSubmatch(line); match != nil && belongs == text {
			found = append(found, match[2])
		}
	})
	return found
}
