package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// made has archives and a manifest made, of programs that only say who they are.
func made(t *testing.T, version string) string {
	t.Helper()
	directory := t.TempDir()
	for _, p := range platforms() {
		folder := filepath.Join(directory, p.os+"-"+p.architecture)
		if err := os.MkdirAll(folder, 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, p.program()), []byte("#!/bin/sh\necho it is "+p.os+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := run([]string{"-version", version, "-binaries", filepath.Join(directory, "{os}-{arch}", "kubectl-zen_lead{exe}"),
		"-output", directory, "-source", "../../.."})
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

// program builds one of krew's.
func program(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if out, err := exec.Command("go", "build", "-o", path, "sigs.k8s.io/krew/cmd/"+name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func TestKrewAcceptsTheManifest(t *testing.T) {
	validate := program(t, "validate-krew-manifest")
	manifest := filepath.Join(made(t, "1.2.3"), "zen-lead.yaml")
	if out, err := exec.Command(validate, "-skip-install", "-manifest", manifest).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	content, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(manifest, bytes.ReplaceAll(content, []byte("sha256: "), []byte("sha256: x")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(validate, "-skip-install", "-manifest", manifest).CombinedOutput(); err == nil {
		t.Errorf("it lets anything through:\n%s", out)
	}
}

func TestKrewInstallsThePluginWithItsLicences(t *testing.T) {
	krew, directory, root := program(t, "krew"), made(t, "1.2.3"), t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "index", "default", ".git"), 0o750); err != nil { // it asks for none if there is one
		t.Fatal(err)
	}
	here := platform{runtime.GOOS, runtime.GOARCH}
	install := exec.Command(krew, "install", "--manifest", filepath.Join(directory, "zen-lead.yaml"), "--archive", filepath.Join(directory, here.archive("1.2.3")))
	install.Env = append(os.Environ(), "KREW_ROOT="+root, "KREW_NO_UPGRADE_CHECK=1")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(filepath.Join(root, "bin", "kubectl-zen_lead")).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "it is "+runtime.GOOS) {
		t.Errorf("%v\n%s", err, out)
	}
	for _, name := range []string{"LICENSE", "THIRD-PARTY-NOTICES.txt", "kubectl_complete-zen_lead"} {
		if _, err := os.Stat(filepath.Join(root, "store", "zen-lead", "v1.2.3", name)); err != nil {
			t.Error(err)
		}
	}
}

func TestTheSameFilesMakeTheSameArchivesAndTheSameManifest(t *testing.T) {
	first := made(t, "1.2.3")
	time.Sleep(1100 * time.Millisecond) // times in archives are whole seconds
	second := made(t, "1.2.3")
	paths, err := filepath.Glob(filepath.Join(first, "*.*"))
	if err != nil || len(paths) != len(platforms())+1 {
		t.Fatalf("%v %v", paths, err)
	}
	for _, path := range paths {
		a, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(second, filepath.Base(path)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs", filepath.Base(path))
		}
	}
}
