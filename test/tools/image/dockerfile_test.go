package main

import (
	"go/version"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

const root = "../../.."

// TestTheOperatorsImageIsAsDockerfileSays makes the image as releases do, of files in place of binaries, and compares it with what is
// written in Dockerfile. The flags of the build need no comparison: both run `make build`.
func TestTheOperatorsImageIsAsDockerfileSays(t *testing.T) {
	directory := t.TempDir()
	for _, architecture := range []string{"amd64", "arm64"} {
		if err := os.WriteFile(filepath.Join(directory, architecture), []byte(architecture), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tool := filepath.Join(directory, "image")
	shell(t, "go", "build", "-o", tool, ".")
	shell(t, "env", "IMAGE_TOOL="+tool, filepath.Join(root, "test/tools/release/operator-image.sh"),
		"1.2.3", "abc", filepath.Join(directory, "{arch}"), "zen-lead:1.2.3", filepath.Join(directory, "layout"))

	dockerfile := finalStage(t)
	labels := map[string]string{}
	for _, label := range dockerfile["LABEL"] {
		key, value, _ := strings.Cut(label, "=")
		labels[key] = strings.NewReplacer("$VERSION", "1.2.3", "$COMMIT", "abc").Replace(strings.Trim(value, `"`))
	}
	if len(labels) < 8 {
		t.Errorf("Dockerfile has labels %v only", labels)
	}
	files := map[string]string{}
	for _, copied := range dockerfile["COPY"] {
		fields := strings.Fields(copied)
		from, to := fields[len(fields)-2], strings.TrimPrefix(fields[len(fields)-1], "/")
		if files[to] = ""; !strings.HasPrefix(copied, "--from=build") {
			files[to] = read(t, from)
		}
	}
	want := v1.Config{Labels: labels, User: dockerfile["USER"][0], Entrypoint: []string{strings.Trim(dockerfile["ENTRYPOINT"][0], `[]"`)}}
	platforms := eachImage(t, filepath.Join(directory, "layout"), func(platform *v1.Platform, image v1.Image) {
		config, err := image.ConfigFile()
		if err != nil || !reflect.DeepEqual(config.Config, want) {
			t.Errorf("got  %+v, %v\nwant %+v", config.Config, err, want)
		}
		files["zen-lead"] = platform.Architecture
		content := contentOf(t, image)
		maps.DeleteFunc(content, func(name, _ string) bool { return strings.HasSuffix(name, "/") })
		if !maps.Equal(content, files) {
			t.Errorf("the image for %s has %v and not %v, or with other content", platform, slices.Sorted(maps.Keys(content)), slices.Sorted(maps.Keys(files)))
		}
	})
	if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("there are images for %v", platforms)
	}
}

// TestDockerfileHasAGoThatGoModAllows is that the toolchain of releases, which the Dockerfile names, knows the language of go.mod.
func TestDockerfileHasAGoThatGoModAllows(t *testing.T) {
	dockerfile, module := read(t, "Dockerfile"), read(t, "go.mod")
	language := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(module)
	toolchain := regexp.MustCompile(`golang:(\d+\.\d+\.\d+) AS build`).FindStringSubmatch(dockerfile)
	if toolchain == nil || version.Compare("go"+toolchain[1], "go"+language[1]) < 0 {
		t.Errorf("go.mod wants Go %s, Dockerfile has %v", language[1], toolchain)
	}
	if !strings.Contains(dockerfile, "make build VERSION=$VERSION COMMIT=$COMMIT") {
		t.Error("it does not build as the Makefile does")
	}
}

// TestNothingOfTheFinalImageCanChangeUnseen is that its base is named by digest, and its user is a number and not root's.
func TestNothingOfTheFinalImageCanChangeUnseen(t *testing.T) {
	stages := regexp.MustCompile(`(?m)^FROM .*$`).FindAllString(read(t, "Dockerfile"), -1)
	if base := stages[len(stages)-1]; !regexp.MustCompile(`@sha256:[0-9a-f]{64}$`).MatchString(base) {
		t.Errorf("its base is %s", base)
	}
	if user := finalStage(t)["USER"]; len(user) != 1 || !isNumericUser(user[0]) || strings.HasPrefix(user[0], "0:") {
		t.Errorf("its user is %v", user)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// finalStage are the instructions after the last FROM, by their names.
func finalStage(t *testing.T) map[string][]string {
	t.Helper()
	stages := strings.Split(read(t, "Dockerfile"), "\nFROM ")
	instructions := map[string][]string{}
	for _, line := range strings.Split(stages[len(stages)-1], "\n") {
		name, rest, _ := strings.Cut(line, " ")
		instructions[name] = append(instructions[name], rest)
	}
	return instructions
}

func shell(t *testing.T, name string, arguments ...string) {
	t.Helper()
	if said, err := exec.Command(name, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, said)
	}
}

// eachImage looks at the images of the one index in a layout, and returns their platforms.
func eachImage(t *testing.T, directory string, look func(*v1.Platform, v1.Image)) (platforms []string) {
	t.Helper()
	outer, err := layout.ImageIndexFromPath(directory)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := outer.IndexManifest()
	if err != nil || len(listed.Manifests) != 1 {
		t.Fatalf("the layout lists %v, %v, which should be one index", listed, err)
	}
	index, err := outer.ImageIndex(listed.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range manifest.Manifests {
		image, err := index.Image(entry.Digest)
		if err != nil {
			t.Fatal(err)
		}
		look(entry.Platform, image)
		platforms = append(platforms, entry.Platform.String())
	}
	return platforms
}
