package chart

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// controlPlane is a control plane that another program runs, of the product's own module.
type controlPlane struct {
	kubeconfig, kubectl string
}

// startControlPlane builds and starts it, and has it end with the test.
func startControlPlane(t *testing.T) controlPlane {
	t.Helper()
	program := filepath.Join(t.TempDir(), "controlplane")
	if said, err := exec.Command("go", "-C", root, "build", "-o", program, "./test/controlplane/cmd/controlplane").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	command := exec.Command(program)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		_, _ = io.Copy(io.Discard, output) // until it has ended
		if err := command.Wait(); err != nil {
			t.Error(err)
		}
	})
	return controlPlane{kubeconfig: printed(t, output, `export KUBECONFIG=(.+)`), kubectl: printed(t, output, `alias kubectl=(.+)`)}
}

// printed reads up to the line that matches, and returns what the pattern's group has.
func printed(t *testing.T, output io.Reader, pattern string) string {
	t.Helper()
	var before strings.Builder
	meant := regexp.MustCompile(pattern)
	for line := new(bytes.Buffer); ; {
		var one [1]byte // a reader of whole buffers would take the next lines too
		if _, err := output.Read(one[:]); err != nil {
			t.Fatalf("%s was not printed, but %s: %v", pattern, before.String(), err)
		}
		line.Write(one[:])
		if one[0] != '\n' {
			continue
		}
		if match := meant.FindStringSubmatch(line.String()); match != nil {
			return match[1]
		}
		before.Write(line.Bytes())
		line.Reset()
	}
}

// kubectlWith has kubectl read what is given.
func (c controlPlane) kubectlWith(input string, arguments ...string) (string, error) {
	return run(input, c.kubectl, append([]string{"--kubeconfig", c.kubeconfig}, arguments...)...)
}

// must runs kubectl, which must succeed.
func (c controlPlane) must(t *testing.T, input string, arguments ...string) string {
	t.Helper()
	output, err := c.kubectlWith(input, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return output
}

// helm runs Helm's command with values, if there are any.
func (c controlPlane) helm(t *testing.T, values string, arguments ...string) (string, error) {
	t.Helper()
	program := os.Getenv("HELM")
	if program == "" {
		t.Fatal("HELM must be the path of helm; `make test-chart` builds it")
	}
	home := filepath.Join(t.TempDir(), "helm") // not the user's settings
	all := append([]string{"--kubeconfig", c.kubeconfig, "--namespace", namespace, "--repository-config", filepath.Join(home, "repositories.yaml"),
		"--repository-cache", home}, arguments...)
	if values != "" {
		all = append(all, "--values", "-")
	}
	return run(values, program, all...)
}

func run(input, program string, arguments ...string) (string, error) {
	command := exec.Command(program, arguments...)
	command.Stdin = strings.NewReader(input)
	var output, said bytes.Buffer
	command.Stdout, command.Stderr = &output, &said
	if err := command.Run(); err != nil {
		return output.String(), fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(program), strings.Join(arguments, " "), err, said.String(), output.String())
	}
	return output.String(), nil
}

// prometheusOperatorKinds is the folder with the definitions of prometheus-operator's kinds, in the version that the cluster of the tests runs.
func prometheusOperatorKinds(t *testing.T) string {
	t.Helper()
	output, err := run("", "go", "-C", filepath.Join(root, "test/binaries/prometheusoperator"), "list", "-m", "-json", "github.com/prometheus-operator/prometheus-operator")
	if err != nil {
		t.Fatal(err)
	}
	var module struct{ Dir string }
	if err := json.NewDecoder(bufio.NewReader(strings.NewReader(output))).Decode(&module); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(module.Dir, "example", "prometheus-operator-crd")
}
