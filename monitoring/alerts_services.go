package monitoring

import (
	"fmt"
	"time"
)

// leaderService names the Service in texts.
const leaderService = "{{ $labels.namespace }}/{{ $labels.service }}"

// serviceAlerts are for the owners of Services. The operator is well.
func serviceAlerts(pace Pace) []Alert {
	return []Alert{
		{
			Name: "ZenLeadNoEligiblePod", Severity: SeverityCritical, HealthImpact: HealthNone,
			Expr: "namespace_service:zen_lead_endpoint_ready:max == 0", For: 2 * time.Minute,
			Summary: "Nobody leads " + leaderService + ".",
			Description: "The leader Service of " + leaderService + " has had no ready endpoint for two minutes: " +
				"clients that connect to it fail. None of the Service's Pods may lead. The Event NoEligiblePod on the Service says which rule each one fails.",
		},
		{
			Name: "ZenLeadLeaderFlapping", Severity: SeverityWarning, HealthImpact: HealthNone,
			Expr:    fmt.Sprintf("sum by (namespace, service) (changes(zen_lead_leader_epoch[%s])) > 4", pace.of(15*time.Minute)),
			Summary: "The leader of " + leaderService + " changes again and again.",
			Description: "The leader of " + leaderService + " has changed {{ $value | printf \"%.0f\" }} times within 15 minutes. " +
				"Each change costs clients their connections. The Events LeaderChanged on the Service give the reasons.",
		},
		{
			Name: "ZenLeadNameConflict", Severity: SeverityWarning, HealthImpact: HealthNone,
			Expr: "max by (namespace, service) (zen_lead_name_conflict) > 0", For: 5 * time.Minute,
			Summary: "Somebody else's object stands in the way of " + leaderService + ".",
			Description: "A Service or EndpointSlice that Zen-Lead did not make has a name that the leader Service of " + leaderService +
				" needs, or routes traffic past its leader. It is left alone; the Event NameConflict on the Service names it.",
		},
		{
			Name: "ZenLeadInvalidAnnotation", Severity: SeverityWarning, HealthImpact: HealthNone,
			Expr: "max by (namespace, service) (zen_lead_invalid_annotations) > 0", For: 10 * time.Minute,
			Summary: "An annotation of " + leaderService + " is not valid.",
			Description: "{{ $value }} annotation(s) of " + leaderService + " have a value that is not valid, so that a default applies or nothing is done. " +
				"The Event InvalidAnnotation on the Service says which, and what is allowed.",
		},
		{
			Name: "ZenLeadPortUnresolved", Severity: SeverityWarning, HealthImpact: HealthNone,
			Expr: "max by (namespace, service) (zen_lead_port_unresolved_pods) > 0", For: 5 * time.Minute,
			Summary: "Pods of " + leaderService + " lack a named port.",
			Description: "{{ $value }} Pod(s) of " + leaderService + " have no container port of the name that the Service's targetPort gives: " +
				"they cannot lead. The Event PortUnresolved on the Service names the port.",
		},
	}
}
