package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"

	. "github.com/onsi/ginkgo/v2"
)

var forwarding = regexp.MustCompile(`^Forwarding from (127\.0\.0\.1:\d+)`)

// forward makes a port reachable from here. It is for one connection: kubectl may give up when one is reset.
func forward(namespace, target string, port int) (address string, stop func(), err error) {
	forwardContext, cancel := context.WithCancel(ctx)
	command := exec.CommandContext(forwardContext, variable("KUBECTL", "kubectl"),
		"--namespace", namespace, "port-forward", "--address=127.0.0.1", target, fmt.Sprintf(":%d", port))
	command.Stderr = GinkgoWriter
	output, err := command.StdoutPipe()
	if err != nil {
		cancel()
		return "", nil, err
	}
	if err := command.Start(); err != nil {
		cancel()
		return "", nil, err
	}
	stop = func() {
		cancel()
		_ = command.Wait() // it was killed
	}
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if found := forwarding.FindStringSubmatch(lines.Text()); found != nil {
			go func() { _, _ = io.Copy(io.Discard, output) }() // or it would block when it says more
			return found[1], stop, nil
		}
	}
	stop()
	return "", nil, fmt.Errorf("kubectl port-forward %s ended", target)
}
