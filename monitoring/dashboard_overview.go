package monitoring

// overview is for the owners of Services: who leads, and whether it is well.
func overview() Dashboard {
	return Dashboard{
		Name: "overview", UID: "zen-lead-overview",
		Title:       "Zen-Lead / Overview",
		Description: "Leader Services: who leads, how often and how fast that changed, for how long there was nobody, and what is in the way.",
		Variables: []Variable{
			// Every opted-in Service has this series, one that cannot be routed too.
			{Name: "namespace", Title: "Namespace", Series: "zen_lead_invalid_annotations"},
			{Name: "service", Title: "Service", Series: `zen_lead_invalid_annotations{namespace=~"$namespace"}`},
		},
		Sections: []Section{
			{Title: "Now", Panels: nowPanels()},
			{Title: "Changes of leader", Panels: changePanels()},
			{Title: "Without a leader", Panels: leaderlessPanels()},
			{Title: "What is in the way", Panels: problemPanels()},
		},
	}
}
