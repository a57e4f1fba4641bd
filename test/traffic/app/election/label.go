package election

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
)

// patchTimeout bounds one attempt. The API server of this test may be gone without a word.
const patchTimeout = 2 * time.Second

// label keeps a label on or off the own Pod. Until it is told which, it leaves what is there.
type label struct {
	patch   func(ctx context.Context, bear bool) error
	changed chan struct{}

	mutex  sync.Mutex
	wanted bool
}

func newLabel(patch func(ctx context.Context, bear bool) error) *label {
	return &label{patch: patch, changed: make(chan struct{}, 1)}
}

// want says whether the Pod is to bear the label. It does not wait.
func (l *label) want(bear bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.wanted = bear
	select {
	case l.changed <- struct{}{}:
	default: // it is still to be looked at
	}
}

// keep patches the Pod until the context ends: whenever what is wanted has changed, and again while that fails.
func (l *label) keep(ctx context.Context) {
	known, borne := false, false
	backoff := newBackoff()
	var retry <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.changed:
			backoff = newBackoff()
		case <-retry:
		}
		retry = nil
		l.mutex.Lock()
		wanted := l.wanted
		l.mutex.Unlock()
		if known && borne == wanted {
			continue
		}
		if err := l.patch(ctx, wanted); err != nil {
			log.Printf("Patching the own Pod's label, to be tried again: %v", err)
			known, retry = false, time.After(backoff.Step()) // it may have been written all the same
			continue
		}
		known, borne = true, wanted
		log.Printf("The own Pod bears the leader's label: %t", borne)
	}
}

// newBackoff grows from 50 ms to 1 s.
func newBackoff() wait.Backoff {
	return wait.Backoff{Duration: 50 * time.Millisecond, Factor: 2, Steps: 10, Cap: time.Second}
}

// patchOwnPod returns a function that puts the label on the own Pod, or removes it.
func patchOwnPod(options Options) func(ctx context.Context, bear bool) error {
	return func(ctx context.Context, bear bool) error {
		value := any(nil) // a merge patch removes what is null
		if bear {
			value = "true"
		}
		labels := map[string]any{options.Label: value}
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels}})
		if err != nil {
			return fmt.Errorf("rendering the patch: %w", err)
		}
		ctx, cancel := context.WithTimeout(ctx, patchTimeout)
		defer cancel()
		pods := options.Client.CoreV1().Pods(options.Namespace)
		_, err = pods.Patch(ctx, options.Pod, types.MergePatchType, patch, metav1.PatchOptions{})
		return err
	}
}
