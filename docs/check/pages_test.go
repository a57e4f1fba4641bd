package check_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/docs/check"
	"github.com/zen-lead/zen-lead/test/poddriver"
)

// root is where the repository begins, as seen from here.
const root = "../.."

// misspelt is so on purpose, in a runbook.
const misspelt = "zen-lead.io/stickyness"

func allPages(t *testing.T) []check.Page {
	t.Helper()
	pages, err := check.Pages(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) < 30 {
		t.Fatalf("only %d pages were found", len(pages))
	}
	return pages
}

func TestEachLinkLeadsSomewhere(t *testing.T) {
	pages, external, all := allPages(t), 0, 0
	for _, page := range pages {
		for _, link := range page.Links() {
			all++
			if link.External() {
				external++
				t.Log("not followed:", link)
			}
			if why := check.Broken(root, pages, link); why != "" {
				t.Errorf("%s: %s", link, why)
			}
		}
	}
	t.Logf("%d links, of which %d lead out of the repository", all, external)
}

func TestEachBlockOfCommandsSaysWhoRunsIt(t *testing.T) {
	blocks := 0
	for _, page := range allPages(t) {
		if !page.HasCommands() {
			continue
		}
		found, err := page.Blocks()
		if err != nil {
			t.Error(err)
		}
		for _, block := range found {
			blocks++
			switch {
			case !block.Marked():
				t.Errorf("%s:%d: say before the block who runs it, or why nobody does: <!-- run: controlplane -->, <!-- run: cluster -->, <!-- run: plugin --> or <!-- not run: why -->",
					block.Page, block.Line)
			case block.Why != "":
				t.Logf("%s:%d is not run: %s", block.Page, block.Line, block.Why)
			}
		}
	}
	if blocks < 20 {
		t.Errorf("only %d blocks were found", blocks)
	}
}

func TestEachTargetOfMakeIsThere(t *testing.T) {
	makefile, err := os.ReadFile(root + "/Makefile")
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):`).FindAllStringSubmatch(string(makefile), -1) {
		targets[match[1]] = true
	}
	expectWords(t, 20, check.Page.MakeTargets, targets, "make has no target")
}

func TestEachAnnotationAndLabelIsThere(t *testing.T) {
	known := map[string]bool{}
	for _, setting := range contract.Settings() {
		known[setting.Key[len("zen-lead.io/"):]] = true
	}
	for _, written := range contract.Written() {
		known[written.Key[len("zen-lead.io/"):]] = true
	}
	for _, key := range []string{contract.LabelSourceService, poddriver.AnnotationReady, misspelt} {
		known[key[len("zen-lead.io/"):]] = true
	}
	expectWords(t, 50, check.Page.Keys, known, "there is no annotation or label zen-lead.io/")
}

func expectWords(t *testing.T, least int, of func(check.Page) []check.Word, known map[string]bool, missing string) {
	t.Helper()
	count := 0
	for _, page := range allPages(t) {
		for _, word := range of(page) {
			count++
			if !known[word.Word] {
				t.Errorf("%s:%d: %s %s", word.Page, word.Line, missing, word.Word)
			}
		}
	}
	if count < least {
		t.Errorf("only %d were found in all pages", count)
	}
}
