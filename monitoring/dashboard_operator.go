package monitoring

// operatorDashboard is for those who run the operator: whether it does its work, how fast, and at what cost.
func operatorDashboard() Dashboard {
	return Dashboard{
		Name: "operator", UID: "zen-lead-operator",
		Title:       "Zen-Lead / Operator",
		Description: "The operator itself: its replicas, how fast it is, beside Kubernetes' own controller too, and what it costs.",
		Variables: []Variable{
			// Those that Prometheus adds: an installation is told by its namespace, a replica by its Pod.
			{Name: "namespace", Title: "Installation's namespace", Series: "zen_lead_acting"},
			{Name: "pod", Title: "Replica", Series: `zen_lead_acting{namespace=~"$namespace"}`},
		},
		Sections: []Section{
			{Title: "Replicas", Panels: replicaPanels()},
			{Title: "Failovers", Panels: failoverPanels()},
			{Title: "Beside the built-in EndpointSlice controller", Panels: besidePanels()},
			{Title: "Work", Panels: workPanels()},
			{Title: "Cost to the API server", Panels: costPanels()},
			{Title: "Resources", Panels: resourcePanels()},
		},
	}
}
