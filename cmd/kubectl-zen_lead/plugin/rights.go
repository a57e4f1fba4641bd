package plugin

// Right is what a user has to be allowed to, in the namespace, or in the cluster for all namespaces.
type Right struct {
	Group, Resource string
	Verbs           []string
	// Commands are those that need it, and For what they need it for.
	Commands []string
	For      string
}

// Rights are all that the commands use.
func Rights() []Right {
	read, follow := []string{"get", "list"}, []string{"get", "list", "watch"}
	looking, following := []string{"list", "explain"}, []string{"watch", "switch"}
	var rights []Right
	for _, kind := range []struct{ group, resource string }{{"", "services"}, {"", "pods"}, {"discovery.k8s.io", "endpointslices"}} {
		rights = append(rights,
			Right{kind.group, kind.resource, read[1:], looking, "to look"},
			Right{kind.group, kind.resource, follow[1:], following, "to follow changes"})
	}
	return append(rights,
		Right{"", "services", []string{"get", "patch"}, []string{"switch", "enable", "disable"}, "to set the annotation, and to read what stood there before"},
		Right{"coordination.k8s.io", "leases", read[:1], looking, "only for Services that follow a Lease; without it that is said to be unknown"},
		Right{"coordination.k8s.io", "leases", follow[1:], following, "the same"},
		Right{"", "namespaces", read[:1], []string{"all"}, "only to say that a namespace does not exist, if nothing was found in it"},
	)
}
