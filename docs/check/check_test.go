package check_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zen-lead/zen-lead/docs/check"
)

func pageOf(path string, lines ...string) check.Page {
	return check.Page{Path: path, Lines: lines}
}

func TestBlocksHaveCommandsMarksAndASection(t *testing.T) {
	page := pageOf("docs/page.md",
		"# Title", "", "```sh", "unmarked", "```",
		"## Section", "<!-- run: cluster -->", "```sh", "# a comment", "one \\", "  two", "", "three", "```",
		"<!-- run: controlplane", "before: prepare", "prints: a: b", "fails: it has to", "-->", "", "```sh", "four", "```",
		"```console", "$ not a command", "```",
		"<!-- not run: too long -->", "```sh", "five", "```",
		"<!-- run: cluster -->", "Text between takes the mark away.", "```sh", "six", "```",
	)
	blocks, err := page.Blocks()
	if err != nil {
		t.Fatal(err)
	}
	want := []check.Block{
		{Section: "Title", Commands: []string{"unmarked"}},
		{Section: "Section", Where: check.Cluster, Commands: []string{"one two", "three"}},
		{Section: "Section", Where: check.ControlPlane, Before: []string{"prepare"}, Prints: []string{"a: b"}, Fails: true, Commands: []string{"four"}},
		{Section: "Section", Why: "too long", Commands: []string{"five"}},
		{Section: "Section", Commands: []string{"six"}},
	}
	if difference := cmp.Diff(want, blocks, cmpopts.IgnoreFields(check.Block{}, "Page", "Line")); difference != "" {
		t.Error(difference)
	}
	for i, marked := range []bool{false, true, true, true, false} {
		if blocks[i].Marked() != marked {
			t.Errorf("block %d: marked %t", i, !marked)
		}
	}
}

func TestAMarkThatNobodyUnderstandsIsAnError(t *testing.T) {
	for _, mark := range []string{"<!-- run: somewhere -->", "<!-- prnts: typo -->"} {
		if _, err := pageOf("p.md", mark, "```sh", "x", "```").Blocks(); err == nil {
			t.Errorf("%s: no error", mark)
		}
	}
}

func TestLinksAreFoundOutsideOfCode(t *testing.T) {
	page := pageOf("docs/page.md",
		"A [link](a.md#b), a ![picture](c.png) and `[code](no.md)`.", "```", "[code](no.md)", "```", "<!-- [comment](no.md) -->",
		"[with brackets](https://example.com/a_(b)) ends.",
	)
	var targets []string
	for _, link := range page.Links() {
		targets = append(targets, link.Target)
	}
	if difference := cmp.Diff([]string{"a.md#b", "c.png", "https://example.com/a_(b)"}, targets); difference != "" {
		t.Error(difference)
	}
}

func TestWhatIsBrokenIsTold(t *testing.T) {
	directory := t.TempDir()
	for _, name := range []string{"a.md", "docs/b.md", "docs/c.png"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(directory, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(directory, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pages := []check.Page{
		pageOf("a.md", "# The `code`, and [a link](b.md)", "## Again", "## Again", "```", "# no heading", "```"),
		pageOf("docs/b.md", "# B: it's me_too"),
	}
	for target, sound := range map[string]bool{
		"../a.md": true, "c.png": true, "../docs": true, "../a.md#the-code-and-a-link": true, "#b-its-me_too": true, "../a.md#again-1": true,
		"https://example.com/x": true,
		"a.md":                  false, "../../etc/passwd": false, "../a.md#again-2": false, "#b": false, "../a.md#no-heading": false, "c.png#x": false,
		"http://example.com": false, "https://localhost/x": false, "mailto:a@example.com": false, "%zz": false,
	} {
		if why := check.Broken(directory, pages, check.Link{Page: "docs/b.md", Target: target}); (why == "") != sound {
			t.Errorf("%s: %q", target, why)
		}
	}
}

func TestTargetsFlagsAndKeysAreFoundInCode(t *testing.T) {
	page := pageOf("docs/page.md",
		"We make mistakes with --flags. `make test lint` and `make e2e GINKGO=x`; `--a-flag=1`, `zen-lead --version`, `kubectl get --all`.",
		"```sh", "make build    # comment", "kubectl annotate service a zen-lead.io/enabled-", "```", "`zen-lead\\.io/paused`",
	)
	for name, got := range map[string]struct {
		found []check.Word
		want  []string
	}{
		"targets": {page.MakeTargets(), []string{"test", "lint", "e2e", "build"}},
		"flags":   {page.Flags(), []string{"a-flag", "version"}},
		"keys":    {page.Keys(), []string{"enabled", "paused"}},
	} {
		var words []string
		for _, word := range got.found {
			words = append(words, word.Word)
		}
		if difference := cmp.Diff(got.want, words); difference != "" {
			t.Errorf("%s: %s", name, difference)
		}
	}
}

// run runs a section whose kubectl is a script.
func run(t *testing.T, blocks ...check.Block) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("there is no bash")
	}
	access := check.Access{
		Kubectl: filepath.Join(t.TempDir(), "kubectl-1.37"), Kubeconfig: filepath.Join(t.TempDir(), "settings"), Namespace: "team",
	}
	program := "#!/bin/sh\necho kubectl \"$@\" of $(sed -n 's/ *namespace: //p' \"$KUBECONFIG\")\n"
	settings := "current-context: here\ncontexts: [{name: here, context: {cluster: c, user: u, namespace: other}}]\n"
	for file, content := range map[string]string{access.Kubectl: program, access.Kubeconfig: settings} {
		if err := os.WriteFile(file, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return check.Section{Title: "test", Blocks: blocks}.Run(t.Context(), t.TempDir(), access)
}

func TestASectionIsOneScript(t *testing.T) {
	output, err := run(t,
		check.Block{Before: []string{"BEFORE=hidden"}, Commands: []string{`NAME='it''s' # comment`, `kubectl get "$NAME"`}},
		check.Block{Commands: []string{"echo $NAME $BEFORE | grep hidden"}, Prints: []string{"its hidden"}},
		check.Block{Commands: []string{"cat /no/such/file"}, Fails: true, Prints: []string{"No such file"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(output, "kubectl get its of team\n") {
		t.Error(output)
	}
}

func TestACommandIsTriedAgainUntilItDoesWhatItShould(t *testing.T) {
	counted := "echo x >>tries; test $(wc -l <tries) -ge 3"
	output, err := run(t, check.Block{Commands: []string{counted + " && echo done"}, Prints: []string{"done"}})
	if err != nil || !strings.Contains(output, "done") {
		t.Error(err, output)
	}
}

func TestTheCommandsAtTheTopOfASample(t *testing.T) {
	root := t.TempDir()
	samples := filepath.Join(root, "config/samples")
	if err := os.MkdirAll(samples, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"sample.yaml": "# It shows something.\n#\n#   $ kubectl apply -f sample.yaml\n#   $ kubectl get pods\nkind: Pod\n#   $ no more\n",
		"silent.yaml": "kind: Pod\n",
	} {
		if err := os.WriteFile(filepath.Join(samples, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	section, err := check.Sample(root, "sample.yaml")
	want := check.Section{Title: "sample.yaml", Blocks: []check.Block{{Commands: []string{"kubectl apply -f sample.yaml", "kubectl get pods"}}}}
	if difference := cmp.Diff(want, section); err != nil || difference != "" {
		t.Error(err, difference)
	}
	if _, err := check.Sample(root, "silent.yaml"); err == nil {
		t.Error("a sample that does not say what to run is an error")
	}
}
