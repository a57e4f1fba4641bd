package controllers

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

// lastingWatch is one watch after the other, and what has changed between them.
type lastingWatch struct {
	*relisting
	// options have the version that the watch has come to.
	options metav1.ListOptions
	// filled is whether the cache has been brought all that was there when it began.
	filled bool
	events chan apiwatch.Event
	cancel context.CancelFunc
}

// ResultChan is where events come.
func (w *lastingWatch) ResultChan() <-chan apiwatch.Event { return w.events }

// Stop ends the watch.
func (w *lastingWatch) Stop() { w.cancel() }

// follow passes on what watches bring, one after the other. Where one has broken, the next one goes on from there; where its version has expired, or
// something else is wrong with it, everything is listed anew. Without a watch, the version has expired.
func (w *lastingWatch) follow(ctx context.Context, current apiwatch.Interface) {
	defer w.cancel()
	defer close(w.events)
	goesOn := false
	var began time.Time
	for {
		if current != nil {
			var err error
			if goesOn, err = w.pass(ctx, current); err != nil || !w.filled {
				return
			}
		}
		if !pause(ctx, time.Until(began.Add(wait.Jitter(relistEvery/2, 2)))) {
			return
		}
		began = time.Now() //nolint:forbidigo // no decision depends on it
		var err error
		if !goesOn {
			err = w.relist(ctx)
		}
		if err == nil {
			current, err = w.ListerWatcherWithContext.WatchWithContext(ctx, w.options)
			goesOn = err == nil || !isExpired(err) && (goesOn || isPassing(err))
		}
		switch {
		case err == nil:
		case isExpired(err), isPassing(err):
			current = nil
		default: // client-go lists anew then, after a while
			logf.Log.WithName(Name).Info("Could not be listed anew at once", "type", fmt.Sprintf("%T", w.example), "because", err.Error())
			status := apierrors.NewResourceExpired(err.Error()).ErrStatus
			w.send(ctx, apiwatch.Event{Type: apiwatch.Error, Object: &status})
			return
		}
	}
}

// pause is false if the context ends before.
func pause(ctx context.Context, during time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(during): //nolint:forbidigo // no decision depends on it
		return true
	}
}

// pass passes on what a watch brings until it ends, and returns whether another one may go on from there. Its only error is the context's.
func (w *lastingWatch) pass(ctx context.Context, from apiwatch.Interface) (goesOn bool, err error) {
	defer from.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case event, open := <-from.ResultChan():
			if !open {
				return true, ctx.Err()
			}
			if event.Type == apiwatch.Error && w.filled {
				return false, nil
			}
			if object, err := meta.Accessor(event.Object); err == nil && event.Type != apiwatch.Error {
				w.options.ResourceVersion = object.GetResourceVersion()
				w.filled = w.filled || event.Type == apiwatch.Bookmark && object.GetAnnotations()[metav1.InitialEventsAnnotationKey] != ""
			}
			if !w.send(ctx, event) {
				return false, ctx.Err()
			}
		}
	}
}

func (w *lastingWatch) send(ctx context.Context, event apiwatch.Event) bool {
	select {
	case <-ctx.Done():
		return false
	case w.events <- event:
		return true
	}
}
