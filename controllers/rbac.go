package controllers

// What the operator may do. config/rbac is generated from these markers (make generate); a test compares it with what
// the operator really asks for.
//
// In the watched namespaces. endpointslices/restricted is what OpenShift wants of those who write addresses of the
// cluster network into EndpointSlices.
// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch,namespace=watched
// +kubebuilder:rbac:groups="",resources=services,verbs=get;list;watch;create;update;patch;delete,namespace=watched
// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=get;list;watch;create;update;patch;delete,namespace=watched
// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices/restricted,verbs=create,namespace=watched
// +kubebuilder:rbac:groups=coordination.k8s.io,resources=leases,verbs=get;list;watch,namespace=watched
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch,namespace=watched
//
// In its own namespace: the Lease of its replicas, by its name, because OLM grants this in every watched namespace too. (What
// does not exist yet has no name that RBAC could look at.)
// +kubebuilder:rbac:groups=coordination.k8s.io,resources=leases,verbs=create,namespace=system
// +kubebuilder:rbac:groups=coordination.k8s.io,resources=leases,resourceNames=zen-lead,verbs=get;update,namespace=system
//
// Cluster-wide: who may read the metrics.
// +kubebuilder:rbac:groups=authentication.k8s.io,resources=tokenreviews,verbs=create
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create
