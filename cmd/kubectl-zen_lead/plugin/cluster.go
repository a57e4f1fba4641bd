package plugin

import (
	"context"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The client's own limits, which are kubectl's: the API server has its own.
const (
	requestsPerSecond = 50
	requestsAtOnce    = 300
)

// cli is what all commands have.
type cli struct {
	genericiooptions.IOStreams
	flags   *genericclioptions.ConfigFlags
	version Version
	clock   clock.Clock
}

func newCLI(streams genericiooptions.IOStreams, version Version, clock clock.Clock) *cli {
	flags := genericclioptions.NewConfigFlags(true).WithWarningPrinter(streams)
	flags.CacheDir = nil // nothing is discovered
	flags.WrapConfigFn = func(config *rest.Config) *rest.Config {
		config.UserAgent = fmt.Sprintf("%s/%s", Binary, version.Version)
		config.QPS, config.Burst = requestsPerSecond, requestsAtOnce
		return config
	}
	return &cli{IOStreams: streams, flags: flags, version: version, clock: clock}
}

// cluster is where a command works.
type cluster struct {
	client.WithWatch
	// namespace is the one that was asked for, or the context's; empty for all.
	namespace string
}

// connect prepares access to the API server. Nothing is asked of it yet.
func (c *cli) connect(allNamespaces bool) (*cluster, error) {
	config, err := c.flags.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	namespace, _, err := c.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, err
	}
	if allNamespaces {
		namespace = ""
	}
	connected, err := client.NewWithWatch(config, client.Options{Scheme: newScheme(), Mapper: newMapper()})
	if err != nil {
		return nil, err
	}
	return &cluster{WithWatch: connected, namespace: namespace}, nil
}

// newScheme has the kinds that are read.
func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, discoveryv1.AddToScheme, coordinationv1.AddToScheme, metav1.AddMetaToScheme} {
		if err := add(scheme); err != nil {
			panic(err) // a kind that is there twice
		}
	}
	return scheme
}

// newMapper knows how these kinds are called in requests, so that the API server need not be asked.
func newMapper() meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper(nil)
	for kind, version := range map[string]schema.GroupVersion{
		"Service": corev1.SchemeGroupVersion, "Pod": corev1.SchemeGroupVersion,
		"EndpointSlice": discoveryv1.SchemeGroupVersion, "Lease": coordinationv1.SchemeGroupVersion,
	} {
		mapper.Add(version.WithKind(kind), meta.RESTScopeNamespace)
	}
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Namespace"), meta.RESTScopeRoot)
	return mapper
}

// key names an object in the namespace.
func (c *cluster) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: c.namespace, Name: name}
}

// missingNamespace says that the namespace does not exist, if that can be seen: whoever may read Services may not look at namespaces, perhaps.
func (c *cluster) missingNamespace(ctx context.Context) error {
	if c.namespace == "" {
		return nil
	}
	namespace := &metav1.PartialObjectMetadata{}
	namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	if err := c.Get(ctx, types.NamespacedName{Name: c.namespace}, namespace); apierrors.IsNotFound(err) {
		return fmt.Errorf("there is no namespace %q", c.namespace)
	}
	return nil
}

// service reads a Service, and says plainly if it is not there.
func (c *cluster) service(ctx context.Context, name string) (*corev1.Service, error) {
	service := &corev1.Service{}
	err := c.Get(ctx, c.key(name), service)
	if apierrors.IsNotFound(err) {
		return nil, c.noService(ctx, name)
	}
	return service, err
}

// noService is the error for a Service that is not there.
func (c *cluster) noService(ctx context.Context, name string) error {
	if err := c.missingNamespace(ctx); err != nil {
		return err
	}
	return fmt.Errorf("there is no Service %q in namespace %s", name, c.namespace)
}
