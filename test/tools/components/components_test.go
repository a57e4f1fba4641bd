package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const root = "../../.."

var someImage = image{
	name: "ghcr.io/zen-lead/zen-lead@sha256:" + strings.Repeat("a", 64), version: "1.2.3", created: "2026-11-27T00:00:00Z",
}

func command(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	out, err := exec.Command(name, arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, arguments, err, out)
	}
	return string(out)
}

// built is the operator, built as it is for images.
func built(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	command(t, "make", "-C", root, "build", "BIN="+directory)
	return filepath.Join(directory, "zen-lead")
}

func billOf(t *testing.T, binary string) []byte {
	t.Helper()
	out := &bytes.Buffer{}
	if err := writeSBOM(out, root, someImage, []string{binary}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestTheBillOfMaterialsHasTheModulesOfTheBinary(t *testing.T) {
	operator := built(t)
	bill := cyclonedx.BOM{}
	written := billOf(t, operator)
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(written), cyclonedx.BOMFileFormatJSON).Decode(&bill); err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, component := range *bill.Components {
		if component.Type == cyclonedx.ComponentTypeLibrary {
			listed = append(listed, component.Name+" "+component.Version)
		}
		if component.Licenses == nil || len(*component.Licenses) == 0 {
			t.Errorf("%s has no licence", component.Name)
		}
	}
	shown := command(t, "go", "version", "-m", operator)
	linked := []string{standardLibrary + " " + regexp.MustCompile(`: go(\S+)`).FindStringSubmatch(shown)[1]}
	for _, match := range regexp.MustCompile(`(?m)^\tdep\t(\S+)\t(\S+)`).FindAllStringSubmatch(shown, -1) {
		linked = append(linked, match[1]+" "+match[2])
	}
	slices.Sort(listed)
	slices.Sort(linked)
	if !slices.Equal(listed, linked) || len(linked) < 50 {
		t.Errorf("the bill of materials has  %v\nthe binary has %v", listed, linked)
	}
	if again := billOf(t, operator); !bytes.Equal(again, written) {
		t.Error("made again, it differs")
	}
	if err := schema(t).Validate(parsed(t, written)); err != nil {
		t.Error(err)
	}
	if err := schema(t).Validate(parsed(t, bytes.ReplaceAll(written, []byte(`"library"`), []byte(`"banana"`)))); err == nil {
		t.Error("the schema lets anything through")
	}
}

func parsed(t *testing.T, document []byte) any {
	t.Helper()
	read, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// schema is that of CycloneDX 1.6, as the library that writes it has it for its own tests.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	directory := strings.TrimSpace(command(t, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go"))
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	for _, name := range []string{"bom-1.6.schema.json", "spdx.schema.json", "jsf-0.82.schemax.json"} {
		content, err := os.ReadFile(filepath.Join(directory, "schema", name))
		if err != nil {
			t.Fatal(err)
		}
		document := parsed(t, content)
		if err := compiler.AddResource(document.(map[string]any)["$id"].(string), document); err != nil {
			t.Fatal(err)
		}
	}
	compiled, err := compiler.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func TestAllThatIsLinkedMayBe(t *testing.T) {
	modules, err := linkedModules(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := refused(modules); err != nil {
		t.Error(err)
	}
}

func TestALicenceThatIsNotAllowedIsRefused(t *testing.T) {
	err := refused([]module{
		{path: "example.com/fine", files: []licenseFile{{licenses: []string{"MIT", "Apache-2.0"}}}},
		{path: "example.com/copyleft", files: []licenseFile{{licenses: []string{"MIT"}}, {licenses: []string{"AGPL-3.0"}}}},
	})
	if err == nil || !strings.HasPrefix(err.Error(), "example.com/copyleft is under AGPL-3.0, which is none of Apache-2.0, BSD-2-Clause") {
		t.Errorf("it says %v", err)
	}
}

func TestAModuleNeedsALicenceThatIsKnown(t *testing.T) {
	for content, says := range map[string]string{
		"":                                    "it has no licence",
		"Do with it what I would.\n":          "LICENSE: only 0% of it is a known licence",
		"See https://opensource.org/license/": "LICENSE: only",
	} {
		directory := t.TempDir()
		if content != "" {
			if err := os.WriteFile(filepath.Join(directory, "LICENSE"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := readLicenseFiles(map[string]string{directory: ""}); err == nil || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("%q: it says %v", content, err)
		}
	}
}

func TestEachTextIsInTheNoticesOnce(t *testing.T) {
	notices := noticesOf([]module{
		{path: "example.com/a", files: []licenseFile{{name: "LICENSE", text: "terms\n"}, {name: "NOTICE", text: "made by a\n"}}},
		{path: "example.com/b", files: []licenseFile{{name: "LICENSE", text: "terms\n"}}},
	})
	if len(notices) != 2 || !slices.Equal(notices[0].owners, []string{"example.com/a: LICENSE", "example.com/b: LICENSE"}) || notices[1].text != "made by a\n" {
		t.Errorf("got %v", notices)
	}
}
