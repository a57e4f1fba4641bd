package check

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Section is what one script runs: the blocks below one heading.
type Section struct {
	Title  string
	Blocks []Block
}

// Sections are those of the root's pages and of docs/ that have blocks for one of the places.
func Sections(root, where string) ([]Section, error) {
	pages, err := Pages(root)
	if err != nil {
		return nil, err
	}
	var sections []Section
	for _, page := range pages {
		if !page.HasCommands() {
			continue
		}
		blocks, err := page.Blocks()
		if err != nil {
			return nil, err
		}
		for _, block := range blocks {
			title := block.Page + ": " + block.Section
			switch {
			case block.Where != where:
			case len(sections) > 0 && sections[len(sections)-1].Title == title:
				last := &sections[len(sections)-1]
				last.Blocks = append(last.Blocks, block)
			default:
				sections = append(sections, Section{Title: title, Blocks: []Block{block}})
			}
		}
	}
	return sections, nil
}

// HasCommands is whether the page's blocks of commands have to be marked: that of pages in the repository's root and of docs/ itself.
func (p Page) HasCommands() bool {
	folder := filepath.Dir(p.Path)
	return folder == "." || folder == "docs"
}

// Heading is a comment at the top of a manifest that says which commands show what it is for: lines that begin with "#   $ ".
func Heading(manifest string) ([]string, error) {
	content, err := os.ReadFile(manifest) //nolint:gosec // one of the repository's
	if err != nil {
		return nil, err
	}
	var commands []string
	for line := range strings.Lines(string(content)) {
		if command, found := strings.CutPrefix(line, "#   $ "); found {
			commands = append(commands, strings.TrimSpace(command))
		} else if !strings.HasPrefix(line, "#") {
			break
		}
	}
	return commands, nil
}

// try runs a command, again and again for a while, until it succeeds (or fails, if it has to) and prints what it has to.
const try = `set -uo pipefail
printed=$(mktemp)
trap 'rm -f "$printed"' EXIT
try() {
  local wanted=$1 command=$2 word met end=$((SECONDS + 60))
  shift 2
  echo "\$ $command"
  while :; do
    met=yes
    if eval "$command" >"$printed" 2>&1; then [[ $wanted == succeeds ]] || met=; else [[ $wanted == fails ]] || met=; fi
    for word in "$@"; do grep -qF -- "$word" "$printed" || met=; done
    [[ -n $met ]] && break
    if ((SECONDS >= end)); then cat "$printed"; echo "NOT as the page says: it $wanted $*"; exit 1; fi
    sleep 0.2
  done
  cat "$printed"
}
`

// Script is the section as a program for bash.
func (s Section) Script() string {
	script := &strings.Builder{}
	script.WriteString(try)
	for _, block := range s.Blocks {
		for _, command := range block.Before {
			fmt.Fprintln(script, "try succeeds", quoted(command))
		}
		for i, command := range block.Commands {
			wanted, prints := "succeeds", ""
			if i == len(block.Commands)-1 {
				for _, words := range block.Prints {
					prints += " " + quoted(words)
				}
				if block.Fails {
					wanted = "fails"
				}
			}
			fmt.Fprintln(script, "try", wanted, quoted(command)+prints)
		}
	}
	return script.String()
}

func quoted(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// Run runs the section's script in the repository's root, with that kubectl and that kubeconfig, and returns what it printed.
func (s Section) Run(ctx context.Context, root, kubectl, kubeconfig string) (string, error) {
	kubectl, err := exec.LookPath(kubectl)
	if err != nil {
		return "", err
	}
	if kubectl, err = filepath.Abs(kubectl); err != nil {
		return "", err
	}
	// By its name, whatever it is called there.
	programs, err := os.MkdirTemp("", "zen-lead-commands-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(programs) //nolint:errcheck // it is a temporary one
	if err := os.Symlink(kubectl, filepath.Join(programs, "kubectl")); err != nil {
		return "", err
	}
	command := exec.CommandContext(ctx, "bash", "-c", s.Script()) //nolint:gosec // the documentation's commands
	command.Dir = root
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "PATH="+programs+":"+os.Getenv("PATH"))
	output, err := command.CombinedOutput()
	if err != nil {
		return string(output), fmt.Errorf("%s: %w\n%s", s.Title, err, output)
	}
	return string(output), nil
}
