package leaderservice_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

const (
	ours     = leaderservice.Ours
	leftover = leaderservice.Leftover
	foreign  = leaderservice.Foreign
)

// withoutController takes the owner references away.
func withoutController(s *corev1.Service) { s.OwnerReferences = nil }

// withoutLabels takes all labels away.
func withoutLabels(s *corev1.Service) { s.Labels = nil }

func label(key, value string) trait {
	return func(s *corev1.Service) { metav1.SetMetaDataLabel(&s.ObjectMeta, key, value) }
}

// controlledBy changes the controller reference.
func controlledBy(change func(*metav1.OwnerReference)) trait {
	return func(s *corev1.Service) { change(&s.OwnerReferences[0]) }
}

func TestOwnershipOfALeaderService(t *testing.T) {
	anotherKind := controlledBy(func(o *metav1.OwnerReference) { o.Kind, o.APIVersion = "Deployment", "apps/v1" })
	anotherName := controlledBy(func(o *metav1.OwnerReference) { o.Name = "web" })
	anotherGroup := controlledBy(func(o *metav1.OwnerReference) { o.APIVersion = "serving.knative.dev/v1" })
	for name, test := range map[string]struct {
		edits    []trait
		ownerUID types.UID
		want     leaderservice.Ownership
	}{
		"as made":                                       {nil, "uid-db", ours},
		"all labels removed":                            {[]trait{withoutLabels}, "uid-db", ours},
		"managed-by changed":                            {[]trait{label(contract.LabelManagedBy, "Helm")}, "uid-db", ours},
		"source changed":                                {[]trait{label(contract.LabelSourceService, "web")}, "uid-db", ours},
		"controller removed":                            {[]trait{withoutController}, "uid-db", ours},
		"controller and labels removed":                 {[]trait{withoutController, withoutLabels}, "uid-db", foreign},
		"controller removed, managed by another":        {[]trait{withoutController, label(contract.LabelManagedBy, "Helm")}, "uid-db", foreign},
		"controller removed, another source":            {[]trait{withoutController, label(contract.LabelSourceService, "web")}, "uid-db", foreign},
		"controller removed, and the owner is gone":     {[]trait{withoutController}, "", foreign},
		"the owner is gone":                             {nil, "", leftover},
		"the owner was made again":                      {nil, "uid-db-2", leftover},
		"the owner was made again, without our labels":  {[]trait{withoutLabels}, "uid-db-2", foreign},
		"the owner is gone, without our labels":         {[]trait{withoutLabels}, "", foreign},
		"another kind controls it":                      {[]trait{anotherKind}, "uid-db", foreign},
		"a Service of another group controls it":        {[]trait{anotherGroup}, "uid-db", foreign},
		"another Service controls it":                   {[]trait{anotherName}, "uid-db", foreign},
		"a mere owner of the right UID, without labels": {[]trait{withoutLabels, controlledBy(func(o *metav1.OwnerReference) { o.Controller = nil })}, "uid-db", foreign},
		"others own it too":                             {[]trait{func(s *corev1.Service) { s.OwnerReferences = append(s.OwnerReferences, owner("x")) }}, "uid-db", ours},
	} {
		t.Run(name, func(t *testing.T) {
			service := with(leaderServiceOf(source(), leads("a", 1)), test.edits...)
			if got := leaderservice.OwnershipOf(service, "db", test.ownerUID, "db"); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestOwnershipOfASlice(t *testing.T) {
	managedBy := func(manager string) sliceEdit {
		return func(s *discoveryv1.EndpointSlice) { s.Labels[discoveryv1.LabelManagedBy] = manager }
	}
	orphan := func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil }
	unlabelled := func(s *discoveryv1.EndpointSlice) { s.Labels = nil }
	as := func(*discoveryv1.EndpointSlice) {}
	for name, test := range map[string]struct {
		edits    []sliceEdit
		ownerUID types.UID
		want     leaderservice.Ownership
	}{
		"as made":                         {[]sliceEdit{as}, "uid-db-leader", ours},
		"all labels removed":              {[]sliceEdit{unlabelled}, "uid-db-leader", ours},
		"controller removed":              {[]sliceEdit{orphan}, "uid-db-leader", ours},
		"orphaned by its owner's end":     {[]sliceEdit{orphan}, "", leftover},
		"controller and labels removed":   {[]sliceEdit{orphan, unlabelled}, "uid-db-leader", foreign},
		"controller removed, no such job": {[]sliceEdit{orphan, managedBy("x")}, "uid-db-leader", foreign},
		"the leader Service is gone":      {[]sliceEdit{as}, "", leftover},
		"the leader Service is a new one": {[]sliceEdit{as}, "uid-new", leftover},
		"marked as another controller's":  {[]sliceEdit{managedBy("x")}, "uid-db-leader", ours},
	} {
		t.Run(name, func(t *testing.T) {
			slice := sliceOf(routeTo(pod("a"), leads("a", 1)))
			for _, edit := range test.edits {
				edit(slice)
			}
			if got := leaderservice.OwnershipOf(slice, "db-leader", test.ownerUID, "db"); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestAnEditOfOursLeavesItOurs(t *testing.T) {
	exceptions := map[string]leaderservice.Ownership{
		"controller replaced": foreign, "another UID": leftover, // as if the owner had been made again: it is removed and made anew
	}
	wanted := func(edit string) leaderservice.Ownership {
		if want, excepted := exceptions[edit]; excepted {
			return want
		}
		return ours
	}
	for name, edit := range sliceEdits {
		slice := sliceOf(routeTo(pod("a"), leads("a", 1)))
		edit(slice)
		if got := leaderservice.OwnershipOf(slice, "db-leader", "uid-db-leader", "db"); got != wanted(name) {
			t.Errorf("slice, %s: %s", name, got)
		}
	}
	for name, edit := range serviceEdits {
		service := with(leaderServiceOf(source(), leads("a", 1)), edit)
		if got := leaderservice.OwnershipOf(service, "db", "uid-db", "db"); got != wanted(name) {
			t.Errorf("Service, %s: %s", name, got)
		}
	}
}

func TestSlicesThatAnAddedSelectorHasSpilled(t *testing.T) {
	const kubernetes = "endpointslice-controller.k8s.io"
	spilled := sliceOf(routeTo(pod("a"), leads("a", 1)))
	for name, test := range map[string]struct {
		manager    string
		serviceUID types.UID
		want       bool
	}{
		"made by Kubernetes for our Service": {kubernetes, "uid-db-leader", true},
		"made by Kubernetes for another":     {kubernetes, "uid-x", false},
		"we have no Service":                 {kubernetes, "", false},
		"made by somebody else":              {"x", "uid-db-leader", false},
		"made by us":                         {contract.ManagedBy, "uid-db-leader", false},
	} {
		t.Run(name, func(t *testing.T) {
			spilled.Labels[discoveryv1.LabelManagedBy] = test.manager
			if got := leaderservice.SpilledByEdit(spilled, test.serviceUID); got != test.want {
				t.Errorf("%t", got)
			}
		})
	}
	spilled.OwnerReferences = nil
	if leaderservice.SpilledByEdit(spilled, "uid-db-leader") {
		t.Error("counts without controller")
	}
}

func TestSlicesThatWereMirroredFromWhatAnAddedSelectorLeft(t *testing.T) {
	const mirroring = "endpointslicemirroring-controller.k8s.io"
	for name, test := range map[string]struct {
		labels map[string]string
		want   bool
	}{
		"with the leader Service's labels": {map[string]string{
			discoveryv1.LabelManagedBy: mirroring, contract.LabelManagedBy: contract.ManagedBy}, true},
		"with the mark of the built-in controller": {map[string]string{
			discoveryv1.LabelManagedBy: mirroring, "endpoints.kubernetes.io/managed-by": "endpoint-controller"}, true},
		"from somebody's own Endpoints": {map[string]string{discoveryv1.LabelManagedBy: mirroring}, false},
		"not mirrored":                  {map[string]string{contract.LabelManagedBy: contract.ManagedBy}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := leaderservice.MirroredByEdit(&metav1.ObjectMeta{Labels: test.labels}); got != test.want {
				t.Errorf("%t", got)
			}
		})
	}
}

func TestWhileSlicesAreMirroredTheLeaderServiceSelectsNobody(t *testing.T) {
	service := leaderServiceOf(source(), leads("a", 1))
	selecting, differs := leaderservice.UpdatedService(service, source(), leads("a", 1), true)
	if !differs || len(selecting.Spec.Selector) != 1 || leaderservice.ServiceEdited(selecting) {
		t.Errorf("%t, selector %v", differs, selecting.Spec.Selector)
	}
	if _, differs := leaderservice.UpdatedService(selecting, source(), leads("a", 1), true); differs {
		t.Error("it is written again")
	}
	back, differs := leaderservice.UpdatedService(selecting, source(), leads("a", 1), false)
	if !differs || len(back.Spec.Selector) != 0 {
		t.Errorf("%t, selector %v afterwards", differs, back.Spec.Selector)
	}
}

func TestTheSourceIsFoundByLabelAndByController(t *testing.T) {
	for name, test := range map[string]struct {
		edits []trait
		want  []string
	}{
		"as made":                       {nil, []string{"db"}},
		"controller removed":            {[]trait{withoutController}, []string{"db"}},
		"labels removed":                {[]trait{withoutLabels}, []string{"db"}},
		"source label changed":          {[]trait{label(contract.LabelSourceService, "web")}, []string{"web", "db"}},
		"managed-by changed":            {[]trait{label(contract.LabelManagedBy, "x")}, []string{"db"}},
		"source label emptied":          {[]trait{label(contract.LabelSourceService, "")}, []string{"db"}},
		"neither":                       {[]trait{withoutLabels, withoutController}, nil},
		"controlled by something else":  {[]trait{withoutLabels, controlledBy(func(o *metav1.OwnerReference) { o.Kind = "X" })}, nil},
		"managed by another, no source": {[]trait{withoutController, label(contract.LabelManagedBy, "x")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, "sources", test.want, leaderservice.SourceNames(with(leaderServiceOf(source(), leads("a", 1)), test.edits...)))
		})
	}
}

func TestALeaderServiceWasMadeForOneSource(t *testing.T) {
	for name, test := range map[string]struct {
		edits []trait
		want  string
	}{
		"as made":              {nil, "db"},
		"source label changed": {[]trait{label(contract.LabelSourceService, "web")}, "db"},
		"controller removed":   {[]trait{withoutController}, "db"},
		"neither":              {[]trait{withoutLabels, withoutController}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, "source", test.want, leaderservice.SourceName(with(leaderServiceOf(source(), leads("a", 1)), test.edits...)))
		})
	}
}

func TestASliceOfOursAttestsWhomItsLeaderServiceWasMadeFor(t *testing.T) {
	service := leaderServiceOf(source(), leads("a", 1))
	slice := func(change func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
		made := leaderservice.NewSlice(leaderservice.Route{Source: source(), Service: service, Record: leads("a", 1)}, discoveryv1.AddressTypeIPv4)
		change(made)
		return made
	}
	for name, test := range map[string]struct {
		slice *discoveryv1.EndpointSlice
		want  string
	}{
		"as made":                     {slice(func(*discoveryv1.EndpointSlice) {}), "db"},
		"of another leader Service":   {slice(func(s *discoveryv1.EndpointSlice) { s.Name = "web-leader-ipv4" }), ""},
		"under no name of ours":       {slice(func(s *discoveryv1.EndpointSlice) { s.Name = "db-leader-x7f2k" }), ""},
		"of the one that was deleted": {slice(func(s *discoveryv1.EndpointSlice) { s.OwnerReferences[0].UID = "former" }), ""},
		"the built-in controller's": {slice(func(s *discoveryv1.EndpointSlice) {
			s.Labels[contract.LabelSliceManagedBy] = "endpointslice-controller.k8s.io"
		}), ""},
		"without a fingerprint": {slice(func(s *discoveryv1.EndpointSlice) { delete(s.Annotations, contract.AnnotationApplied) }), ""},
		"without our label":     {slice(func(s *discoveryv1.EndpointSlice) { delete(s.Labels, contract.LabelSourceService) }), ""},
	} {
		t.Run(name, func(t *testing.T) { same(t, "source", test.want, leaderservice.Attested(test.slice, service)) })
	}
}

func TestALeaderServiceThatIsAttestedIsOursWhateverElseItSays(t *testing.T) {
	another := controlledBy(func(o *metav1.OwnerReference) { o.Name, o.UID = "web", "uid-web" })
	anotherKind := controlledBy(func(o *metav1.OwnerReference) { o.Kind, o.APIVersion = "Deployment", "apps/v1" })
	withoutDigest := func(s *corev1.Service) { delete(s.Annotations, contract.AnnotationApplied) }
	for name, test := range map[string]struct {
		edits    []trait
		ownerUID types.UID
		want     leaderservice.Ownership
	}{
		"as made":                            {nil, "uid-db", ours},
		"another Service's":                  {[]trait{another}, "uid-db", ours},
		"another Service's, by label too":    {[]trait{another, label(contract.LabelSourceService, "web")}, "uid-db", ours},
		"another kind's":                     {[]trait{anotherKind}, "uid-db", ours},
		"nobody's, without labels":           {[]trait{withoutController, withoutLabels}, "uid-db", ours},
		"nobody's, without any mark of ours": {[]trait{withoutController, withoutLabels, withoutDigest}, "uid-db", foreign},
		"the source was made again":          {nil, "uid-db-2", leftover},
		"another Service's, and no source":   {[]trait{another}, "", foreign},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, "ownership", test.want, leaderservice.AttestedOwnershipOf(with(leaderServiceOf(source(), leads("a", 1)), test.edits...), test.ownerUID, "db"))
		})
	}
}
