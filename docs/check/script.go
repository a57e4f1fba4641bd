package check

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
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

// Sample is what the comment at the top of a manifest in config/samples says to run, to show what it is for: lines that begin with "#   $ ".
func Sample(root, name string) (Section, error) {
	content, err := os.ReadFile(filepath.Join(root, "config/samples", name)) //nolint:gosec // one of the repository's
	if err != nil {
		return Section{}, err
	}
	var commands []string
	for line := range strings.Lines(string(content)) {
		if command, found := strings.CutPrefix(line, "#   $ "); found {
			commands = append(commands, strings.TrimSpace(command))
		} else if !strings.HasPrefix(line, "#") {
			break
		}
	}
	if len(commands) == 0 {
		return Section{}, fmt.Errorf("config/samples/%s does not say what to run", name)
	}
	return Section{Title: name, Blocks: []Block{{Commands: commands}}}, nil
}

// Access is how commands reach a cluster.
type Access struct {
	// Kubectl is the program, Kubeconfig the path of the file that it uses, Namespace the one that commands are for unless they name another.
	Kubectl, Kubeconfig, Namespace string
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

// Run runs the section's script in the repository's root, and returns what it printed.
func (s Section) Run(ctx context.Context, root string, access Access) (string, error) {
	directory, err := os.MkdirTemp("", "zen-lead-commands-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(directory) //nolint:errcheck // it is a temporary one
	environment, err := access.environment(directory)
	if err != nil {
		return "", err
	}
	command := exec.CommandContext(ctx, "bash", "-c", s.Script()) //nolint:gosec // the documentation's commands
	command.Dir, command.Env = root, environment
	output, err := command.CombinedOutput()
	if err != nil {
		return string(output), fmt.Errorf("%s: %w\n%s", s.Title, err, output)
	}
	return string(output), nil
}

// environment is that of a shell in which kubectl is called by its name, whatever its file is called, and is for the namespace. What it needs is put
// into the directory.
func (a Access) environment(directory string) ([]string, error) {
	kubectl, err := exec.LookPath(a.Kubectl)
	if err != nil {
		return nil, err
	}
	if kubectl, err = filepath.Abs(kubectl); err != nil {
		return nil, err
	}
	if err := os.Symlink(kubectl, filepath.Join(directory, "kubectl")); err != nil {
		return nil, err
	}
	settings, err := clientcmd.LoadFromFile(a.Kubeconfig)
	if err != nil {
		return nil, err
	}
	current := settings.Contexts[settings.CurrentContext]
	if current == nil {
		return nil, fmt.Errorf("%s has no current context", a.Kubeconfig)
	}
	current.Namespace = a.Namespace
	kubeconfig := filepath.Join(directory, "kubeconfig")
	if err := clientcmd.WriteToFile(*settings, kubeconfig); err != nil {
		return nil, err
	}
	return append(os.Environ(), "KUBECONFIG="+kubeconfig, "PATH="+directory+":"+os.Getenv("PATH")), nil
}
