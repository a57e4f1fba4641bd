package jumpy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/zen-lead/zen-lead/test/chaos/jumpy"
)

// prints tells the time and its process, jumps by what it is told, and says by how many seconds the wall clock jumped and how long that took.
const prints = `package main

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

func main() {
	before := time.Now()
	_ = syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	for time.Now().Unix()-before.Unix() < 1000 {
		time.Sleep(time.Millisecond)
		if time.Since(before) > 10*time.Second {
			break
		}
	}
	now := time.Now()
	fmt.Println(now.Round(0).Sub(before.Round(0)) > 59*time.Minute, now.Sub(before) < 10*time.Second)
}
`

func TestTheWallClockJumpsAndDurationsDoNot(t *testing.T) {
	module := t.TempDir()
	for name, content := range map[string]string{"go.mod": "module m\n\ngo 1.26\n", "cmd/zen-lead/main.go": prints} {
		path := filepath.Join(module, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	binary, err := jumpy.Build(t.Context(), module, t.TempDir(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command(binary).Output()
	if err != nil || string(said) != "true true\n" {
		t.Errorf("%q, %v", said, err)
	}
}
