package check

import (
	"fmt"
	"strings"
)

// Where blocks are run.
const (
	ControlPlane = "controlplane"
	Cluster      = "cluster"
	Plugin       = "plugin"
)

// Block is a block of commands.
type Block struct {
	Page    string
	Section string // the heading that it stands under
	Line    int    // of its fence
	// Where it is run, or, if it is not, why. If both are empty the page does not say, see Marked.
	Where, Why string
	// Before it are commands that the page does not show.
	Before []string
	// Commands are its lines, those that go on in the next one joined.
	Commands []string
	// Prints are words that the last command has to print. Fails is whether it has to fail.
	Prints []string
	Fails  bool
}

// Blocks are the page's blocks of commands: those that are marked as sh.
func (p Page) Blocks() ([]Block, error) {
	var (
		blocks         []Block
		section        string
		mark           []string
		inside, joined bool
		failure        error
	)
	p.walk(func(number int, line string, belongs part) {
		switch {
		case belongs == comment:
			mark = append(mark, line)
			return
		case belongs == fence && strings.TrimSpace(line) == "```sh":
			block := Block{Page: p.Path, Section: section, Line: number + 1}
			if err := block.read(strings.Join(mark, "\n")); err != nil && failure == nil {
				failure = fmt.Errorf("%s:%d: %w", p.Path, number+1, err)
			}
			blocks, inside, joined = append(blocks, block), true, false
		case belongs == fence:
			inside = false
		case belongs == code && inside:
			joined = blocks[len(blocks)-1].add(line, joined)
		case belongs == text:
			if match := heading.FindStringSubmatch(line); match != nil {
				section = match[2]
			}
		}
		if strings.TrimSpace(line) != "" {
			mark = nil
		}
	})
	return blocks, failure
}

// add adds a line, to the last command if that goes on. It returns whether this one does.
func (b *Block) add(line string, joined bool) bool {
	line, goesOn := strings.CutSuffix(line, `\`)
	switch trimmed := strings.TrimSpace(line); {
	case joined:
		b.Commands[len(b.Commands)-1] += " " + trimmed
	case trimmed != "" && !strings.HasPrefix(trimmed, "#"):
		b.Commands = append(b.Commands, strings.TrimSpace(line))
	default:
		return false
	}
	return goesOn
}

// read reads what the comment before a block says of it.
func (b *Block) read(mark string) error {
	mark = strings.TrimSpace(mark)
	mark = strings.TrimSuffix(strings.TrimPrefix(mark, "<!--"), "-->")
	for line := range strings.Lines(mark) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "":
		case "run":
			if value != ControlPlane && value != Cluster && value != Plugin {
				return fmt.Errorf("a block is run by %q; it can be %s, %s or %s", value, ControlPlane, Cluster, Plugin)
			}
			b.Where = value
		case "not run":
			b.Why = value
		case "before":
			b.Before = append(b.Before, value)
		case "prints":
			b.Prints = append(b.Prints, value)
		case "fails":
			b.Fails = true
		default:
			return fmt.Errorf("what does %q mean before a block of commands?", strings.TrimSpace(line))
		}
	}
	return nil
}

// Marked is whether the page says who runs the block, or why nobody does.
func (b *Block) Marked() bool { return (b.Where == "") != (b.Why == "") }
