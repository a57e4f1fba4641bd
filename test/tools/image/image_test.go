package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// operator writes a file as a build leaves it and returns its path.
func operator(t *testing.T, mode os.FileMode, changed time.Time) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "binary")
	if err := os.WriteFile(binary, []byte("the operator"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(binary, mode), os.Chtimes(binary, changed, changed)); err != nil {
		t.Fatal(err)
	}
	return binary
}

// write makes an image and returns where it is.
func write(t *testing.T, output, epoch string, arguments ...string) string {
	t.Helper()
	output = filepath.Join(t.TempDir(), output)
	if err := run(append([]string{"-tag=zen-lead:dev", "-output=" + output, "-entrypoint=/zen-lead"}, arguments...), epoch); err != nil {
		t.Fatal(err)
	}
	return output
}

// open returns the one image of a layout and its entry in the index.
func open(t *testing.T, directory string) (v1.Image, v1.Descriptor) {
	t.Helper()
	index, err := layout.ImageIndexFromPath(directory)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 {
		t.Fatalf("the index is %v, %v, which should have one image", manifest, err)
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return image, manifest.Manifests[0]
}

// entries are the headers and contents of an archive.
func entries(t *testing.T, content io.Reader) (headers []*tar.Header, contents map[string]string) {
	t.Helper()
	contents = map[string]string{}
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return headers, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		headers, contents[header.Name] = append(headers, header), string(content)
	}
}

func TestTheSameFilesGiveTheSameBytes(t *testing.T) {
	first := write(t, "a.tar", "", "-label=b=2", "-label=a=1", operator(t, 0o755, time.Unix(1, 0))+"=/zen-lead")
	second := write(t, "b.tar", "", "-label=a=1", "-label=b=2", operator(t, 0o700, time.Unix(2e9, 0))+"=/zen-lead")
	a, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("they differ")
	}
}

func TestTheLayoutIsValidAndNamedForContainerd(t *testing.T) {
	image, entry := open(t, write(t, "layout", "", operator(t, 0o755, time.Now())+"=/zen-lead"))
	if err := validate.Image(image); err != nil {
		t.Error(err)
	}
	for _, key := range []string{"io.containerd.image.name", "org.opencontainers.image.ref.name"} {
		if entry.Annotations[key] != "docker.io/library/zen-lead:dev" {
			t.Errorf("%s is %q", key, entry.Annotations[key])
		}
	}
	if entry.MediaType != types.OCIManifestSchema1 || entry.Platform.OS != "linux" {
		t.Errorf("the index's entry is %v", entry)
	}
}

func TestNamesAreThoseThatTheKubeletAsksFor(t *testing.T) {
	for tag, want := range map[string]string{
		"zen-lead:dev":                    "docker.io/library/zen-lead:dev",
		"zen-lead":                        "docker.io/library/zen-lead:latest",
		"team/zen-lead:1.0.0":             "docker.io/team/zen-lead:1.0.0",
		"ghcr.io/zen-lead/zen-lead:1.0.0": "ghcr.io/zen-lead/zen-lead:1.0.0",
		"localhost:5000/zen-lead:dev":     "localhost:5000/zen-lead:dev",
	} {
		if got, err := canonicalName(tag); err != nil || got != want {
			t.Errorf("%s is %s, %v", tag, got, err)
		}
	}
}

func TestTheConfigurationIsWhatWasAskedFor(t *testing.T) {
	image, _ := open(t, write(t, "layout", "1700000000", "-user=1:2", "-label=a=1=2", "-env=B=", "-env=A=1", "-platform=linux/arm64",
		operator(t, 0o755, time.Now())+"=/zen-lead"))
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	want := v1.Config{
		Entrypoint: []string{"/zen-lead"}, User: "1:2", Env: []string{"B=", "A=1"}, Labels: map[string]string{"a": "1=2"},
	}
	if !reflect.DeepEqual(config.Config, want) || config.Architecture != "arm64" || config.OS != "linux" {
		t.Errorf("got %+v", config)
	}
	if !config.Created.Equal(time.Unix(1700000000, 0)) || !config.History[0].Created.Equal(config.Created.Time) {
		t.Errorf("created %v", config.Created)
	}
}

func TestTheLayerHasTheFilesAsRootsAndNothingElse(t *testing.T) {
	image, _ := open(t, write(t, "layout", "", operator(t, 0o700, time.Now())+"=/zen-lead",
		operator(t, 0o600, time.Now())+"=/usr/share/doc/LICENSE", operator(t, 0o600, time.Now())+"=/usr/lib/data"))
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("got %v, %v", layers, err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	headers, contents := entries(t, content)
	var list []string
	for _, header := range headers {
		list = append(list, header.FileInfo().Mode().String()+" "+header.Name)
		if header.Uid != 0 || header.Gid != 0 || header.ModTime.Unix() != 0 {
			t.Errorf("%s is %d:%d's, %v", header.Name, header.Uid, header.Gid, header.ModTime)
		}
	}
	if want := []string{
		"drwxr-xr-x usr/", "drwxr-xr-x usr/lib/", "drwxr-xr-x usr/share/", "drwxr-xr-x usr/share/doc/",
		"-rw-r--r-- usr/lib/data", "-rw-r--r-- usr/share/doc/LICENSE", "-rwxr-xr-x zen-lead",
	}; !slices.Equal(list, want) {
		t.Errorf("got %v", list)
	}
	if contents["zen-lead"] != "the operator" {
		t.Errorf("zen-lead holds %q", contents["zen-lead"])
	}
}

func TestSeveralPlatformsAreOneIndex(t *testing.T) {
	directory := t.TempDir()
	for _, architecture := range []string{"amd64", "arm64"} {
		if err := os.WriteFile(filepath.Join(directory, "zen-lead-"+architecture), []byte("for "+architecture), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	output := write(t, "layout", "", "-platform=linux/amd64", "-platform=linux/arm64", "-label=org.opencontainers.image.version=1",
		filepath.Join(directory, "zen-lead-{arch}")+"=/zen-lead")
	outer, err := layout.ImageIndexFromPath(output)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := outer.IndexManifest()
	if err != nil || len(listed.Manifests) != 1 || listed.Manifests[0].Annotations["io.containerd.image.name"] != "docker.io/library/zen-lead:dev" {
		t.Fatalf("the layout lists %v, %v, which should be one named index", listed, err)
	}
	index, err := outer.ImageIndex(listed.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil || manifest.Annotations["org.opencontainers.image.version"] != "1" {
		t.Errorf("the index says %v, %v", manifest, err)
	}
	var platforms []string
	for _, entry := range manifest.Manifests {
		platforms = append(platforms, entry.Platform.String())
		image, err := index.Image(entry.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if content := contentOf(t, image)["zen-lead"]; content != "for "+entry.Platform.Architecture {
			t.Errorf("the image for %s holds %q", entry.Platform, content)
		}
	}
	if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("got %v", platforms)
	}
}

func TestADirectoryStandsForItsFilesAndNeedsNoEntrypoint(t *testing.T) {
	directory := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(directory, "b"), 0o700), os.WriteFile(filepath.Join(directory, "b", "c"), []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	image, _ := open(t, write(t, "layout", "", "-entrypoint=", directory+"=/a"))
	if config, err := image.ConfigFile(); err != nil || config.Config.Entrypoint != nil {
		t.Errorf("got %v, %v", config, err)
	}
	if content := contentOf(t, image); content["a/b/c"] != "x" {
		t.Errorf("got %v", content)
	}
}

// contentOf are the files of an image of one layer.
func contentOf(t *testing.T, image v1.Image) map[string]string {
	t.Helper()
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("got %v, %v", layers, err)
	}
	uncompressed, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	_, contents := entries(t, uncompressed)
	return contents
}

func TestAnArchiveHoldsTheSameAsADirectory(t *testing.T) {
	binary := operator(t, 0o755, time.Now()) + "=/zen-lead"
	directory := write(t, "layout", "", binary)
	archive, err := os.Open(write(t, "new/layout.tar", "", binary))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	headers, contents := entries(t, archive)
	if len(headers) != 5 { // oci-layout, index.json, manifest, configuration, layer
		t.Errorf("got %d files", len(headers))
	}
	for name, content := range contents {
		if want, err := os.ReadFile(filepath.Join(directory, name)); err != nil || content != string(want) {
			t.Errorf("%s differs (%v)", name, err)
		}
	}
}

func TestALayoutIsReplacedAndAnyOtherDirectoryIsNot(t *testing.T) {
	binary := operator(t, 0o755, time.Now()) + "=/zen-lead"
	output := write(t, "layout", "", binary)
	again := []string{"-tag=zen-lead:dev", "-output=" + output, "-entrypoint=/zen-lead", "-env=A=1", binary}
	if err := run(again, ""); err != nil {
		t.Fatal(err)
	}
	open(t, output) // which checks that there is one image

	other := t.TempDir()
	precious := filepath.Join(other, "precious")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	again[1] = "-output=" + other
	_ = run(again, "")
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeMadeIsRefusedInOneLine(t *testing.T) {
	binary := operator(t, 0o755, time.Now())
	whole := []string{"-tag=zen-lead:dev", "-output=" + filepath.Join(t.TempDir(), "x.tar"), "-entrypoint=/zen-lead"}
	for _, test := range []struct {
		arguments []string
		epoch     string
		says      string
	}{
		{arguments: nil, says: "no files"},
		{arguments: []string{binary}, says: "is not path=/absolute"},
		{arguments: []string{binary + "=zen-lead"}, says: "is not path=/absolute"},
		{arguments: []string{binary + "=/a/../zen-lead"}, says: "is not path=/absolute"},
		{arguments: []string{binary + "=/zen-lead", binary + "=/zen-lead"}, says: "twice"},
		{arguments: []string{binary + "=/other"}, says: "is none of the files"},
		{arguments: []string{"-user=nobody", binary + "=/zen-lead"}, says: "in numbers"},
		{arguments: []string{"-user=65532", binary + "=/zen-lead"}, says: "in numbers"},
		{arguments: []string{"-label=x", binary + "=/zen-lead"}, says: "key=value"},
		{arguments: []string{"-tag=", binary + "=/zen-lead"}, says: "are needed"},
		{arguments: []string{"-tag=Upper:case", binary + "=/zen-lead"}, says: "Upper"},
		{arguments: []string{"/nonexistent=/zen-lead"}, says: "/nonexistent"},
		{arguments: []string{t.TempDir() + "=/zen-lead"}, says: "is none of the files"},
		{arguments: []string{os.DevNull + "=/zen-lead"}, says: "regular file"},
		{arguments: []string{binary + "=/zen-lead"}, epoch: "yesterday", says: "SOURCE_DATE_EPOCH"},
	} {
		err := run(append(slices.Clone(whole), test.arguments...), test.epoch)
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: got %v, which should be one line and contain %q", test.arguments, err, test.says)
		}
	}
}
