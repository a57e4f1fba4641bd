package checker

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

var start = time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)

// story tells a checker what happens, one revision a second.
type story struct {
	*Checker
	revision int64
}

func (s *story) next() Version {
	s.revision++
	return Version{Revision: s.revision, Seen: start.Add(time.Duration(s.revision) * time.Second)}
}

func (s *story) pod(name string, ready corev1.ConditionStatus) *story {
	s.Pod(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name, UID: types.UID(name), Labels: map[string]string{"app": "s"}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIPs: []corev1.PodIP{{IP: "ip-" + name}, {IP: "ip6-" + name}},
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
	}, s.next())
	return s
}

func (s *story) slice(epoch string, pods ...string) *story {
	return s.sliceNamed("s-leader-ipv4", epoch, pods...)
}

func (s *story) sliceNamed(name, epoch string, pods ...string) *story {
	slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name,
		Labels: map[string]string{ofService: "s-leader"}, Annotations: map[string]string{epochKey: epoch}}}
	for _, pod := range pods {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
			Addresses: []string{"ip-" + pod}, Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)},
			TargetRef: &corev1.ObjectReference{Name: pod, UID: types.UID(pod)},
		})
	}
	s.Slice(slice, s.next())
	return s
}

// slice6 is that of the other type.
func (s *story) slice6(epoch, pod string) *story {
	s.Slice(&discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "s-leader-ipv6",
		Labels: map[string]string{ofService: "s-leader"}, Annotations: map[string]string{epochKey: epoch}}, AddressType: discoveryv1.AddressTypeIPv6,
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"ip6-" + pod}, TargetRef: &corev1.ObjectReference{Name: pod, UID: types.UID(pod)}}},
	}, s.next())
	return s
}

func newChecker() *Checker {
	c := New(time.Second)
	c.OptedIn("n/s", map[string]string{"app": "s"}, corev1.IPv4Protocol)
	return c
}

func begin() *story {
	return (&story{Checker: newChecker()}).pod("a", corev1.ConditionTrue).pod("b", corev1.ConditionTrue).slice("1", "a")
}

func TestWhatIsWrongIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		told *story
		says string // empty: nothing is wrong
	}{
		"a failover":                       {begin().pod("a", corev1.ConditionFalse).slice("2", "b"), ""},
		"nobody, and then the same again":  {begin().slice("1").slice("2", "a"), ""},
		"two endpoints":                    {begin().slice("2", "a", "b"), "2 endpoints"},
		"two slices":                       {begin().sliceNamed("s-leader-other", "1", "b"), "2 endpoints"},
		"an epoch that goes back":          {begin().slice("3", "b").slice("2", "a"), "epoch 2 after 3"},
		"an epoch of two Pods":             {begin().slice("1", "b"), "epoch 1 is of b (b) and was of a"},
		"a Pod that never was":             {begin().slice("2", "c"), "c (c) never was"},
		"a Pod that has not been ready":    {begin().pod("b", corev1.ConditionFalse).pod("a", corev1.ConditionFalse).slice("2", "b"), "not ready for 2s"},
		"a Pod that has just become so":    {begin().pod("b", corev1.ConditionFalse).slice("2", "b"), ""},
		"a leader that stays while failed": {begin().pod("a", corev1.ConditionFalse).pod("b", corev1.ConditionFalse).slice("1", "a"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			found := c.told.Judge()
			if c.says == "" && len(found) > 0 || c.says != "" && !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, c.says) }) {
				t.Errorf("found %q, wanted %q", found, c.says)
			}
		})
	}
}

func TestVersionsAreJudgedInTheirOrderAndNotAsTheyCome(t *testing.T) {
	s := begin()
	late := s.next()
	s.pod("a", corev1.ConditionFalse).slice("2", "c")
	s.Pod(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "c", UID: "c"}, Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIPs: []corev1.PodIP{{IP: "ip-c"}},
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}}, late)
	if found := s.Judge(); len(found) > 0 {
		t.Error(found)
	}
}

func TestAStaleChoiceIsExcusedWhereNobodyCouldKnowBetter(t *testing.T) {
	s := begin().pod("b", corev1.ConditionFalse).pod("a", corev1.ConditionFalse).slice("2", "b")
	s.KeptFromKnowing(start.Add(5*time.Second), start.Add(7*time.Second))
	if found := s.Judge(); len(found) > 0 || s.Counts().Stale != 1 {
		t.Error(found, s.Counts())
	}
}

func TestAnEpochDoesNotBeginAgainWhenEtcdIsRestored(t *testing.T) {
	s := begin().slice("2", "b")
	s.Judge()
	s.revision = 0
	old := s.next()
	old.Era, old.Listed = 1, true
	s.Slice(&discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "s-leader-ipv4",
		Labels: map[string]string{ofService: "s-leader"}, Annotations: map[string]string{epochKey: "1"}}}, old)
	if found := s.Judge(); len(found) > 0 {
		t.Error("what is listed is what was restored, not what was written:", found)
	}
}

// restored tells of a restoration to the state in which epoch 1 was a's, at the revision 2 of then; a replica began so long after the backup.
func (s *story) restored(replicaBegan time.Duration) *story {
	backup := s.next().Seen
	s.BackupTaken(backup)
	s.ReplicaStarted(backup.Add(replicaBegan))
	for _, pod := range []string{"a", "b"} {
		at := s.next()
		at.Era, at.Listed = 1, true
		s.Pod(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: pod, UID: types.UID(pod)}, Status: corev1.PodStatus{Phase: corev1.PodRunning,
			PodIPs: []corev1.PodIP{{IP: "ip-" + pod}}, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}}, at)
	}
	return s
}

func TestAnEpochMayGoBackIfEtcdWasRestoredAndWhoDecidesWasKeptApartBefore(t *testing.T) {
	for ended, wrong := range map[time.Duration]bool{-time.Hour: true, time.Second: false} {
		s := begin().slice("2", "b").slice("3", "a").restored(-time.Hour)
		s.KeptApart(s.backup.Add(-2*time.Hour), s.backup.Add(ended))
		s.laterSlice(2, "a")
		if found := s.Judge(); len(found) > 0 != wrong {
			t.Errorf("a replica was kept apart until %s after the backup: %q", ended, found)
		}
	}
}

func (s *story) laterSlice(epoch int, pod string) {
	at := s.next()
	at.Era = 1
	s.Slice(&discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "s-leader-ipv4",
		Labels: map[string]string{ofService: "s-leader"}, Annotations: map[string]string{epochKey: strconv.Itoa(epoch)}},
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"ip-" + pod}, TargetRef: &corev1.ObjectReference{Name: pod, UID: types.UID(pod)}}}}, at)
}

func TestAnEpochGoesBackOnlyIfEtcdWasRestoredAndWhoDecidesHasBegunSince(t *testing.T) {
	for began, wrong := range map[time.Duration]int{-time.Hour: 1, time.Second: 0} {
		s := begin().slice("2", "b").slice("3", "a").restored(began)
		s.laterSlice(2, "a")
		s.laterSlice(3, "b")
		if found := s.Judge(); (len(found) > 0) != (wrong > 0) || wrong == 0 && s.Counts().Forgotten != 1 {
			t.Errorf("a replica began %s after the backup: %q, %+v", began, found, s.Counts())
		}
		s.laterSlice(1, "a")
		if found := s.Judge(); len(found) == 0 {
			t.Error("it goes back once more, and nothing is found")
		}
	}
}

func TestWhatSomebodyElseWroteIsNotTheOperators(t *testing.T) {
	s := begin()
	s.Slice(&discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "s-leader-ipv4", Labels: map[string]string{ofService: "s-leader"}},
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"192.0.2.1"}}}}, s.next())
	if found := s.Judge(); len(found) > 0 || s.Counts().Spoiled != 1 {
		t.Error(found, s.Counts())
	}
	if found := s.Wrong(); len(found) != 1 {
		t.Error("nothing is wrong in the end:", found)
	}
}

func TestALeaderOnItsWayOutComesBackIfItsSliceWasSpoiledAndIsNotElectedSo(t *testing.T) {
	leaving := func(s *story, epoch string) {
		slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "s-leader-ipv4", Labels: map[string]string{ofService: "s-leader"},
			Annotations: map[string]string{epochKey: epoch}}, Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"ip-a"},
			Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(false)}, TargetRef: &corev1.ObjectReference{Name: "a", UID: "a"}}}}
		s.Slice(slice, s.next())
	}
	spoil := func(s *story) {
		s.Slice(&discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "s-leader-ipv4", Labels: map[string]string{ofService: "s-leader"}},
			Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"192.0.2.1"}}}}, s.next())
	}
	s := begin()
	spoil(s)
	leaving(s, "1")
	if found := s.Judge(); len(found) > 0 {
		t.Error("it was the leader:", found)
	}
	s = begin().slice("2", "b")
	spoil(s)
	leaving(s, "3")
	if found := s.Judge(); len(found) != 1 {
		t.Error("it was not the leader, and nothing is found:", found)
	}
}

func TestWhatIsWrongInTheEnd(t *testing.T) {
	for name, c := range map[string]struct {
		told *story
		says string
	}{
		"right":                {begin(), ""},
		"no slice":             {&story{Checker: newChecker()}, "there is no slice"},
		"nobody though":        {begin().slice("1"), "has nobody"},
		"nobody":               {begin().pod("a", corev1.ConditionFalse).pod("b", corev1.ConditionFalse).slice("1"), ""},
		"one who may not lead": {begin().pod("a", corev1.ConditionFalse), "a (a), who may not lead"},
		"in two slices":        {begin().sliceNamed("s-leader-other", "1", "b"), "has [a (a) b (b)]"},
	} {
		t.Run(name, func(t *testing.T) {
			c.told.Judge()
			if found := strings.Join(c.told.Wrong(), ""); !strings.Contains(found, c.says) || c.says == "" && found != "" {
				t.Errorf("found %q, wanted %q", found, c.says)
			}
		})
	}
}

func TestTheSlicesOfADualStackServiceSayTheSame(t *testing.T) {
	for name, c := range map[string]struct {
		tell func(*story)
		says string // empty: nothing is wrong
	}{
		"both":             {func(s *story) { s.slice("1", "a").slice6("1", "a") }, ""},
		"one is missing":   {func(s *story) { s.slice("1", "a") }, noSlice},
		"different Pods":   {func(s *story) { s.slice("1", "a").slice6("1", "b") }, "s-leader-ipv6 [b (b)], epoch 1"},
		"different epochs": {func(s *story) { s.slice("2", "a").slice6("1", "a") }, "s-leader-ipv4 has [a (a)], epoch 2"},
		"one is behind":    {func(s *story) { s.slice("1", "a").slice6("1", "a").pod("a", corev1.ConditionFalse).slice("2", "b") }, "who may not lead"},
		"a failover": {func(s *story) {
			s.slice("1", "a").slice6("1", "a").pod("a", corev1.ConditionFalse).slice("2", "b").slice6("2", "b")
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &story{Checker: New(time.Second)}
			s.OptedIn("n/s", map[string]string{"app": "s"}, corev1.IPv4Protocol, corev1.IPv6Protocol)
			c.tell(s.pod("a", corev1.ConditionTrue).pod("b", corev1.ConditionTrue))
			if found := s.Judge(); len(found) > 0 {
				t.Error(found)
			}
			wrong := strings.Join(s.Wrong(), "; ")
			if c.says == "" && wrong != "" || !strings.Contains(wrong, c.says) {
				t.Errorf("found %q, wanted %q", wrong, c.says)
			}
		})
	}
}

func TestHowSoonItWasRightGoesByWhatMadeItRight(t *testing.T) {
	s := begin().pod("a", corev1.ConditionFalse)     // at 4 s
	s.pod("c", corev1.ConditionTrue).slice("2", "b") // at 5 and 6 s
	s.next()
	s.slice("2", "b") // nothing that was wrong
	s.Judge()
	if found := s.Recoveries(); len(found) != 1 || found[0] != (Recovery{"n/s", start.Add(6 * time.Second), false}) {
		t.Error(found)
	}
	gone := s.next()
	gone.Deleted = true
	s.Slice(&discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "s-leader-ipv4", Labels: map[string]string{ofService: "s-leader"}}}, gone)
	s.slice("2").slice("2", "b")
	s.Judge()
	if found := s.Recoveries(); !found[0].Missing || !found[0].At.Equal(start.Add(11*time.Second)) {
		t.Error("its slice was missing:", found)
	}
	s.slice("2").slice("3", "b")
	s.Judge()
	if found := s.Recoveries(); found[0].Missing {
		t.Error("its slice was there:", found)
	}
}

// notReady publishes a Pod as not ready.
func (s *story) notReady(era int, epoch, pod string) {
	at := s.next()
	at.Era = era
	s.Slice(&discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "s-leader-ipv4",
		Labels: map[string]string{ofService: "s-leader"}, Annotations: map[string]string{epochKey: epoch}},
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"ip-" + pod}, TargetRef: &corev1.ObjectReference{Name: pod, UID: types.UID(pod)},
			Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(false)}}}}, at)
}

func TestALeaderMayGoNotReadyAndNobodyComesSo(t *testing.T) {
	s := begin()
	s.notReady(0, "1", "a")
	if found := s.Judge(); len(found) > 0 {
		t.Error("of a leader that was:", found)
	}
	s.notReady(0, "2", "b")
	if found := s.Judge(); len(found) != 1 || !strings.Contains(found[0], "became the leader as not ready") || !strings.Contains(found[0], "epoch 1 a/a not ready") {
		t.Error("of another one:", found)
	}
	at := s.next() // versions have been missed
	at.Era = 1
	s.Pod(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "a", UID: "a"}}, at)
	s.notReady(1, "3", "a")
	if found := s.Judge(); len(found) > 0 {
		t.Error("of one that may have led before:", found)
	}
	s.notReady(1, "4", "b")
	if found := s.Judge(); len(found) != 1 {
		t.Error("of one that has not:", found)
	}
}
