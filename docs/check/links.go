package check

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

// Link is where a page leads.
type Link struct {
	Page   string
	Line   int
	Target string
}

func (l Link) String() string { return fmt.Sprintf("%s:%d: %s", l.Page, l.Line, l.Target) }

// External is whether it leads out of the repository.
func (l Link) External() bool { return strings.Contains(l.Target, "://") }

var (
	inlineCode = regexp.MustCompile("``[^`].*?``|`[^`]*`")
	linked     = regexp.MustCompile(`\]\(([^()\s]*(?:\([^()\s]*\))?[^()\s]*)(?: "[^"]*")?\)`)
)

// Links are all links of the page and the pictures that it shows.
func (p Page) Links() []Link {
	var links []Link
	p.walk(func(number int, line string, belongs part) {
		if belongs != text {
			return
		}
		for _, match := range linked.FindAllStringSubmatch(inlineCode.ReplaceAllString(line, ""), -1) {
			links = append(links, Link{Page: p.Path, Line: number + 1, Target: match[1]})
		}
	})
	return links
}

// anchors are what a link to a heading of the page may have after its #, as GitHub makes them.
func (p Page) anchors() map[string]bool {
	found := map[string]bool{}
	for _, heading := range p.headings() {
		anchor := anchorOf(heading)
		for again := 1; found[anchor]; again++ {
			anchor = fmt.Sprintf("%s-%d", anchorOf(heading), again)
		}
		found[anchor] = true
	}
	return found
}

var markup = regexp.MustCompile("\\[([^\\]]*)\\]\\([^)]*\\)|[`*]")

// anchorOf keeps letters, digits, - and _ of a heading, in lower case, with - for each space.
func anchorOf(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, markup.ReplaceAllString(heading, "$1"))
}

// Broken says what is wrong with a link, or nothing.
func Broken(root string, pages []Page, link Link) string {
	target, err := url.Parse(link.Target)
	switch {
	case err != nil:
		return err.Error()
	case link.External() && (target.Scheme != "https" || !strings.Contains(target.Host, ".")):
		return "no https address of a public place"
	case link.External():
		return ""
	case target.Scheme != "":
		return "neither a path nor https"
	}
	file := link.Page
	if target.Path != "" {
		file = path.Join(path.Dir(link.Page), target.Path)
	}
	if _, err := os.Stat(filepath.Join(root, file)); err != nil || strings.HasPrefix(file, "..") {
		return "there is no " + file
	}
	if target.Fragment == "" {
		return ""
	}
	for _, page := range pages {
		if page.Path == file {
			if page.anchors()[target.Fragment] {
				return ""
			}
			return file + " has no heading #" + target.Fragment
		}
	}
	return file + " is no page, so it has no #" + target.Fragment
}
