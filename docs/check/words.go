package check

import (
	"regexp"
	"strings"
)

// Word is something that a page names.
type Word struct {
	Page string
	Line int
	Word string
}

var (
	makeTarget = regexp.MustCompile(`\bmake ((?:[a-z][a-z0-9-]* ?)+)`)
	ownFlag    = regexp.MustCompile(`^(?:(?:bin/)?zen-lead )?--([a-z][a-z0-9-]*)`)
	ownKey     = regexp.MustCompile(`\bzen-lead\.io/([a-z-]*[a-z])`)
)

// MakeTargets are the targets of make that the page names, in code.
func (p Page) MakeTargets() []Word {
	return p.words(func(code string) []string {
		var targets strings.Builder
		for _, match := range makeTarget.FindAllStringSubmatch(code, -1) {
			targets.WriteString(match[1] + " ")
		}
		return strings.Fields(targets.String())
	})
}

// Flags are the flags that the page names by themselves or as the operator's, in code.
func (p Page) Flags() []Word {
	return p.words(func(code string) []string {
		if match := ownFlag.FindStringSubmatch(code); match != nil {
			return match[1:]
		}
		return nil
	})
}

// Keys are the annotations and labels under our prefix that the page names, without it.
func (p Page) Keys() []Word {
	return p.words(func(code string) []string {
		matches := ownKey.FindAllStringSubmatch(strings.ReplaceAll(code, `\`, ""), -1)
		keys := make([]string, 0, len(matches))
		for _, match := range matches {
			keys = append(keys, match[1])
		}
		return keys
	})
}

// words are what a function finds in each piece of code of the page: a line of a block, or what stands between backquotes.
func (p Page) words(find func(code string) []string) []Word {
	var found []Word
	p.walk(func(number int, line string, belongs part) {
		pieces := inlineCode.FindAllString(line, -1)
		switch belongs {
		case code:
			pieces = []string{line}
		case fence, comment:
			return
		}
		for _, piece := range pieces {
			for _, word := range find(strings.Trim(piece, "` ")) {
				found = append(found, Word{Page: p.Path, Line: number + 1, Word: word})
			}
		}
	})
	return found
}
