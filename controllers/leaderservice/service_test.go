package leaderservice_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

func TestTheLeaderServiceTakesPortsAndFamiliesOverAndNothingElse(t *testing.T) {
	from := source()
	before := from.DeepCopy()
	got := leaderservice.NewService(from, "db-leader")
	same(t, "the source", before, from)

	if applied := got.Annotations[contract.AnnotationApplied]; applied == "" || len(got.Annotations) != 1 {
		t.Errorf("annotations %v", got.Annotations)
	}
	got.Annotations = nil
	yes, no := true, false
	wantPorts := before.DeepCopy().Spec.Ports
	for i := range wantPorts {
		wantPorts[i].NodePort = 0
	}
	same(t, "the leader Service", &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "prod", Name: "db-leader",
			Labels: map[string]string{
				"app.kubernetes.io/managed-by": "zen-lead", "zen-lead.io/source-service": "db", "endpointslice.kubernetes.io/skip-mirror": "true",
			},
			OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "v1", Kind: "Service", Name: "db", UID: "uid-db", Controller: &yes, BlockOwnerDeletion: &no},
			},
		},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, SessionAffinity: corev1.ServiceAffinityNone, Ports: wantPorts,
			IPFamilies: before.Spec.IPFamilies, IPFamilyPolicy: before.Spec.IPFamilyPolicy,
		},
	}, got)
}

func TestTheLeaderServiceOfAHeadlessServiceHasAVirtualIP(t *testing.T) {
	got := leaderservice.NewService(source(headless), "db-leader")
	if got.Spec.Type != corev1.ServiceTypeClusterIP || got.Spec.ClusterIP != "" || len(got.Spec.ClusterIPs) > 0 {
		t.Errorf("type %s, cluster IP %q, %v", got.Spec.Type, got.Spec.ClusterIP, got.Spec.ClusterIPs)
	}
}

func TestWhatTheOperatorMadeIsNeitherEditedNorDifferent(t *testing.T) {
	for name, from := range map[string]*corev1.Service{
		"load balancer":           source(),
		"headless":                source(headless),
		"single stack":            source(families(corev1.IPFamilyPolicySingleStack, corev1.IPv6Protocol)),
		"without families":        source(func(s *corev1.Service) { s.Spec.IPFamilies, s.Spec.IPFamilyPolicy = nil, nil }, headless),
		"prefers dual stack":      source(families(corev1.IPFamilyPolicyPreferDualStack, corev1.IPv4Protocol, corev1.IPv6Protocol)),
		"prefers it, but has one": source(families(corev1.IPFamilyPolicyPreferDualStack, corev1.IPv4Protocol)),
	} {
		t.Run(name, func(t *testing.T) {
			made := leaderservice.NewService(from, "db-leader")
			if leaderservice.ServiceEdited(made) {
				t.Error("new, and counts as edited")
			}
			for _, record := range []leaderservice.Record{{}, leads("a", 1), lost("a", 1)} {
				updated, differs := updatedService(t, made, from, record)
				if !differs {
					t.Error("the record is not written")
				}
				again, differs := updatedService(t, updated, from, record)
				if differs || again != updated || leaderservice.ServiceEdited(updated) {
					t.Errorf("%+v: differs %t, edited %t", record, differs, leaderservice.ServiceEdited(updated))
				}
			}
		})
	}
}

// Source: https://kubernetes.io/docs/concepts/services-networking/dual-stack/#services
func TestTheSecondFamilyThatTheAPIServerAddsIsNoEdit(t *testing.T) {
	from := source(families(corev1.IPFamilyPolicyPreferDualStack, corev1.IPv4Protocol))
	expand := func(s *corev1.Service) *corev1.Service {
		s.Spec.IPFamilies = append(s.Spec.IPFamilies, corev1.IPv6Protocol)
		return stored(s)
	}
	if leaderservice.ServiceEdited(expand(leaderservice.NewService(from, "db-leader"))) {
		t.Error("new, and counts as edited")
	}
	existing := expand(leaderServiceOf(from, leads("a", 1)))
	if _, differs := updatedService(t, existing, from, leads("a", 1)); differs || leaderservice.ServiceEdited(existing) {
		t.Errorf("differs %t, edited %t", differs, leaderservice.ServiceEdited(existing))
	}
	updated, _ := updatedService(t, existing, from, leads("b", 2))
	same(t, "families after another update", existing.Spec.IPFamilies, updated.Spec.IPFamilies)
	same(t, "cluster IPs after another update", existing.Spec.ClusterIPs, updated.Spec.ClusterIPs)
}

func TestTheLeaderServiceFollowsTheSource(t *testing.T) {
	record := leads("a", 1)
	for name, test := range map[string]struct {
		change     trait
		families   []corev1.IPFamily
		clusterIPs []string
	}{
		"a port":                 {func(s *corev1.Service) { s.Spec.Ports[0].Port = 1 }, source().Spec.IPFamilies, []string{"10.0.0.2", "fd00::2"}},
		"a port less":            {func(s *corev1.Service) { s.Spec.Ports = s.Spec.Ports[:1] }, source().Spec.IPFamilies, []string{"10.0.0.2", "fd00::2"}},
		"the second family gone": {families(corev1.IPFamilyPolicySingleStack, corev1.IPv4Protocol), []corev1.IPFamily{corev1.IPv4Protocol}, []string{"10.0.0.2"}},
	} {
		t.Run(name, func(t *testing.T) {
			changed := source(test.change)
			updated, differs := updatedService(t, leaderServiceOf(source(), record), changed, record)
			if !differs || leaderservice.ServiceEdited(updated) {
				t.Fatalf("differs %t, edited %t", differs, leaderservice.ServiceEdited(updated))
			}
			same(t, "ports", leaderservice.NewService(changed, "x").Spec.Ports, updated.Spec.Ports)
			same(t, "families", test.families, updated.Spec.IPFamilies)
			same(t, "cluster IPs", test.clusterIPs, updated.Spec.ClusterIPs)
			if _, differs := updatedService(t, updated, changed, record); differs {
				t.Error("differs again")
			}
		})
	}
}

func TestASecondFamilyIsAdded(t *testing.T) {
	from := source(families(corev1.IPFamilyPolicySingleStack, corev1.IPv4Protocol))
	updated, differs := updatedService(t, leaderServiceOf(from, leads("a", 1)), source(), leads("a", 1))
	if !differs {
		t.Error("does not differ")
	}
	same(t, "families", source().Spec.IPFamilies, updated.Spec.IPFamilies)
	same(t, "the policy", source().Spec.IPFamilyPolicy, updated.Spec.IPFamilyPolicy)
	same(t, "cluster IPs", []string{"10.0.0.2"}, updated.Spec.ClusterIPs)
}

func TestOnlyAVirtualIPOrThePrimaryFamilyNeedReplacement(t *testing.T) {
	single := func(family corev1.IPFamily) *corev1.Service {
		return source(families(corev1.IPFamilyPolicySingleStack, family))
	}
	for name, test := range map[string]struct {
		existing, source *corev1.Service
		want             bool
	}{
		"the same":                     {leaderServiceOf(source(), lost("a", 1)), source(), false},
		"the second family gone":       {leaderServiceOf(source(), lost("a", 1)), single(corev1.IPv4Protocol), false},
		"the first family gone":        {leaderServiceOf(source(), lost("a", 1)), single(corev1.IPv6Protocol), true},
		"no virtual IP":                {with(leaderServiceOf(source(), lost("a", 1)), headless), source(), true},
		"families not known (yet)":     {leaderservice.NewService(source(), "x"), &corev1.Service{}, false},
		"the source became headless":   {leaderServiceOf(source(), lost("a", 1)), source(headless), false},
		"an old leader without family": {&corev1.Service{}, source(), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := leaderservice.NeedsReplacement(test.existing, test.source); got != test.want {
				t.Errorf("%t", got)
			}
		})
	}
}

func TestServicesThatCannotHaveALeaderService(t *testing.T) {
	for name, test := range map[string]struct {
		source *corev1.Service
		says   string
	}{
		"any other type": {source(), ""}, "headless": {source(headless), ""},
		"ExternalName":     {source(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeExternalName }), "ExternalName"},
		"without selector": {source(func(s *corev1.Service) { s.Spec.Selector = nil }), "without a selector"},
		"without ports":    {source(headless, ports()), "without ports"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := leaderservice.UnsupportedReason(test.source); (got == "") != (test.says == "") || !strings.Contains(got, test.says) {
				t.Errorf("%q", got)
			}
		})
	}
}
