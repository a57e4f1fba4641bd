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
			Description: "The leader Service of " + leaderService + " has had no ready endpoint for two minutes, or cannot be made at all: " +
				"new connections to it fail. Either none of the Service's Pods may lead, or a name conflict or an invalid name stands in the way; " +
				"Events on the Service say which, for an hour.",
		},
		{
			Name: "ZenLeadLeaderFlapping", Severity: SeverityWarning, HealthImpact: HealthNone,
			Expr:    fmt.Sprintf("max by (namespace, service) (changes(zen_lead_leader_epoch[%s])) > 4", pace.of(15*time.Minute)),
			Summary: "The leader of " + leaderService + " changes again and again.",
			Description: "The leader of " + leaderService + " has changed at least {{ $value | printf \"%.0f\" }} times within 15 minutes. " +
				"Each time, new connections go to another Pod than those there are. Events on the Service (LeaderChanged, LeaderElected) give the reasons.",
		},
		{
			// Critical, because a slice beside ours has more than one Pod get traffic.
			Name: "ZenLeadNameConflict", Severity: SeverityCritical, HealthImpact: HealthNone,
			Expr: "max by (namespace, service) (zen_lead_name_conflict) > 0", For: 5 * time.Minute,
			Summary: "Somebody else's object stands in the way of " + leaderService + ".",
			Description: "A Service or EndpointSlice that Zen-Lead did not make has a name that the leader Service of " + leaderService +
				" needs, or routes traffic past its leader: then more than one Pod gets it. The object is left alone; " +
				"the Event NameConflict on the Service names it.",
		},
		{
			Name: "ZenLeadInvalidAnnotation", Severity: SeverityWarning, HealthImpact: HealthNone,
			Expr: "max by (namespace, service) (zen_lead_invalid_annotations) > 0", For: 10 * time.Minute,
			Summary: "An annotation of " + leaderService + " is not valid.",
			Description: "{{ $value }} annotation(s) of " + leaderService + " are not valid: a value cannot be read, or there is no such annotation. " +
				"A default applies, or, of enabled and leader-service-name, nothing is done. " +
				"The Event InvalidAnnotation on the Service says which, and what is allowed.",
		},
		{
			Name: "ZenLeadPortUnresolved", Severity: SeverityWarning, HealthImpact: HealthNone,
			Expr: "max by (namespace, service) (zen_lead_port_unresolved_pods) > 0", For: 5 * time.Minute,
			Summary: "Pods of " + leaderService + " lack a named port.",
			Description: "{{ $value }} Pod(s) of " + leaderService + " have no container port of the name and protocol that the Service's port asks for: " +
				"they cannot lead. The Event PortUnresolved on the Service names the port.",
		},
	}
}
