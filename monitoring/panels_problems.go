package monitoring

import "fmt"

// firingAlerts are those of this package. They have no Service where they are about the operator, so that none can be chosen.
const firingAlerts = `ALERTS{alertname=~"ZenLead.+", alertstate="firing"}`

func problemPanels() []Panel {
	conflict, invalid, ports := reported("zen_lead_name_conflict"), reported("zen_lead_invalid_annotations"), reported("zen_lead_port_unresolved_pods")
	count := func(id int, title, gauge, description string) Panel {
		return Panel{
			ID: id, Kind: Stat, Title: title, Width: 6, Height: 4, Description: description,
			Look:    Look{Unit: Plain, Steps: steps(Good, Step{1, Attention})},
			Queries: []Query{{Expr: orZero(fmt.Sprintf("sum(%s)", gauge))}},
		}
	}
	some := Look{Unit: Plain, Decimals: new(0), Steps: steps(Good, Step{1, Attention})}
	return []Panel{
		count(30, "Name conflicts", conflict,
			"Services whose leader Service cannot be made or routed, because somebody else's object has a name that it needs. The Event NameConflict "+
				"names the object."),
		count(31, "Invalid annotations", invalid,
			"Annotations whose value is not valid, so that a default applies or nothing is done. The Event InvalidAnnotation says which, and what is "+
				"allowed."),
		count(32, "Pods with unresolved ports", ports,
			"Pods that cannot lead because they lack a container port of the name that the Service's targetPort gives. The Event PortUnresolved names "+
				"the port."),
		{
			ID: 33, Kind: Stat, Title: "Edits put back within 24 hours", Width: 6, Height: 4,
			Description: "Edits of the operator's own objects by somebody else that were put back. Two programs may be at odds over them.",
			Look:        Look{Unit: Plain, Decimals: new(0), Steps: steps(Good, Step{1, Attention})},
			Queries:     []Query{{Expr: orZero(fmt.Sprintf("sum(%s)", happened("zen_lead_manual_edits_reverted_total", ofService, day, perService)))}},
		},
		{
			ID: 34, Kind: Table, Title: "Services with a problem", Width: 12, Height: 7,
			Description: "The Services that the numbers above are about. Empty: none.",
			Look:        Look{Unit: Plain},
			Labels:      []Label{{"namespace", "Namespace"}, {"service", "Service"}},
			Queries: []Query{
				{Name: "Name conflict", Expr: conflict + " > 0", Look: some},
				{Name: "Invalid annotations", Expr: invalid + " > 0", Look: some},
				{Name: "Pods with unresolved ports", Expr: ports + " > 0", Look: some},
			},
		},
		{
			ID: 35, Kind: Table, Title: "Which alerts fire", Width: 12, Height: 7,
			Description: "Alerts about Zen-Lead and its Services that fire now, whatever namespace and Service are chosen. Each has a runbook, " +
				"which the alert links to. Empty: none.",
			Look: Look{Unit: Plain},
			Labels: []Label{
				{"alertname", "Alert"}, {"severity", "Severity"}, {"namespace", "Namespace"}, {"service", "Service"}, {"pod", "Pod"},
			},
			Queries: []Query{{Expr: fmt.Sprintf("max by (alertname, severity, namespace, service, pod) (%s)", firingAlerts), Look: Look{Unit: Plain}}},
		},
	}
}
