package bench

import (
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

var service = types.NamespacedName{Namespace: "n", Name: "s"}

func without(uid types.UID) func([]types.UID) bool {
	return func(ready []types.UID) bool { return !slices.Contains(ready, uid) }
}

func met(s *sight) bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func TestTheFirstEventThatMeetsAConditionIsStamped(t *testing.T) {
	o := newObserver()
	o.note(sliceOf(service, "one", "a", "b"), after(0), false)
	s := o.expect(service, "drops a", without("a"))
	o.note(sliceOf(service, "one", "a"), after(10), false)
	if met(s) {
		t.Fatal("met too early")
	}
	o.note(sliceOf(service, "one", "b"), after(20), false)
	o.note(sliceOf(service, "one"), after(30), false)
	at, err := o.wait(t.Context(), s)
	if err != nil || !at.Equal(after(20)) {
		t.Errorf("stamped %v, %v", at, err)
	}
}

func TestAllSlicesOfAServiceCount(t *testing.T) {
	o := newObserver()
	o.note(sliceOf(service, "one", "a"), after(0), false)
	o.note(sliceOf(service, "two", "a"), after(0), false)
	s := o.expect(service, "drops a", without("a"))
	o.note(sliceOf(service, "one", "b"), after(10), false)
	if met(s) {
		t.Error("met though another slice still lists the Pod")
	}
	o.note(sliceOf(service, "two", "a"), after(20), true)
	if !met(s) || !s.at.Equal(after(20)) {
		t.Errorf("stamped %v, not when the other slice was deleted", s.at)
	}
}

func TestOtherServicesAndFamiliesDoNotCount(t *testing.T) {
	o := newObserver()
	s := o.expect(service, "has b", func(ready []types.UID) bool { return slices.Contains(ready, "b") })
	for _, other := range []types.NamespacedName{{Namespace: "n", Name: "other"}, {Namespace: "other", Name: "s"}} {
		o.note(sliceOf(other, "one", "b"), after(10), false)
	}
	ipv6 := sliceOf(service, "six", "b")
	ipv6.AddressType = discoveryv1.AddressTypeIPv6
	o.note(ipv6, after(10), false)
	if met(s) {
		t.Error("met by a slice of another Service or family")
	}
}

func TestOnlyReadyEndpointsCount(t *testing.T) {
	slice := sliceOf(service, "one", "a")
	slice.Endpoints = append(slice.Endpoints, endpoint("b", false), discoveryv1.Endpoint{})
	slice.Endpoints = append(slice.Endpoints, endpoint("c", true))
	slice.Endpoints[3].Conditions.Ready = nil // unknown counts as ready, says the API
	if got := readyIn(slice); !slices.Equal(got, []types.UID{"a", "c"}) {
		t.Errorf("ready: %v", got)
	}
}

func TestWhatIsSoAlreadyNeedNotBeWaitedFor(t *testing.T) {
	o := newObserver()
	if s := o.expect(service, "drops a", without("a")); !met(s) {
		t.Error("a Service without slices lists a Pod")
	}
}

func TestAWatchThatHasEndedGoesOnFromWhereItWas(t *testing.T) {
	o := newObserver()
	first, second := watch.NewFake(), watch.NewFake()
	var from string
	go o.keepWatching(t.Context(), first, func(version string) (watch.Interface, error) {
		from = version
		return second, nil
	}, io.Discard)
	s := o.expect(service, "has b", func(ready []types.UID) bool { return slices.Contains(ready, "b") })
	slice := sliceOf(service, "one", "a")
	slice.ResourceVersion = "7"
	first.Add(slice)
	first.Stop()
	second.Modify(sliceOf(service, "one", "b"))
	if _, err := o.wait(t.Context(), s); err != nil || from != "7" {
		t.Errorf("went on from %q, %v", from, err)
	}
}

func TestWhereNoWatchIsToBeHadTheWaitingEnds(t *testing.T) {
	o := newObserver()
	events, refused := watch.NewFake(), errors.New("refused")
	go o.keepWatching(t.Context(), events, func(string) (watch.Interface, error) { return nil, refused }, io.Discard)
	s := o.expect(service, "has a Pod", func(ready []types.UID) bool { return len(ready) > 0 })
	events.Stop()
	if _, err := o.wait(t.Context(), s); !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
}

func TestQuietLastsFromTheLastEventOn(t *testing.T) {
	o := newObserver()
	o.note(sliceOf(service, "one", "a"), time.Now(), false)
	start := time.Now()
	if err := o.quiet(t.Context(), 30*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 25*time.Millisecond {
		t.Errorf("quiet after %s", took)
	}
}
