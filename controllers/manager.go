package controllers

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/zen-lead/zen-lead/controllers/metrics"
)

// Name is the operator's name: of its controller, its Lease, its Events and its user agent.
const Name = "zen-lead"

// noAddress is the address of a server that there is not to be. Source: controller-runtime's metrics server.
const noAddress = "0"

// Options are what the operator can be started with.
type Options struct {
	// Namespaces are those watched; none for all.
	Namespaces []string
	// MetricsBindAddress is host:port; "0" serves no metrics.
	MetricsBindAddress string
	// MetricsInsecure serves metrics over plain HTTP to everybody. Otherwise it is TLS, and Kubernetes says who may read.
	MetricsInsecure bool
	// MetricsCertDir holds tls.crt and tls.key; empty for a self-signed certificate.
	MetricsCertDir string
	// HealthProbeBindAddress is host:port; "0" serves no probes.
	HealthProbeBindAddress string
	// LeaderElection makes several replicas agree on the one that acts first.
	LeaderElection bool
	// LeaderElectionNamespace is where their Lease is.
	LeaderElectionNamespace string
	// TakeoverDelay is how long a slice may misroute until a replica that does not act first decides by itself; 0 for ever.
	TakeoverDelay time.Duration
	// MaxConcurrentReconciles is how many Services are dealt with at a time, at least 1.
	MaxConcurrentReconciles int
	// Version and Commit of the build.
	Version, Commit string

	// Clock is the time; nil for the real one.
	Clock clock.PassiveClock
	// Registerer takes the operator's own metrics.
	Registerer prometheus.Registerer
	// SkipNameValidation allows a second operator in one process, for tests.
	SkipNameValidation bool
}

// NewManager makes an operator that is ready to be started. The process must end soon after its Start returns, because the
// Lease is released then.
func NewManager(ctx context.Context, restConfig *rest.Config, options Options) (manager.Manager, error) {
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	own := metrics.New(options.Clock.Now)
	if err := own.Register(options.Registerer); err != nil {
		return nil, fmt.Errorf("registering metrics: %w", err)
	}
	own.SetBuild(options.Version, options.Commit)

	restored, missing := newRestoration(), newMissingRights(options)
	restConfig = connection(restConfig, options, own.WrapTransport, restored.WrapTransport,
		(&reconnecting{now: options.Clock.Now}).WrapTransport, missing.WrapTransport)
	beat := &heartbeat{}
	noteLease := func(version string, asked time.Time) {
		beat.note(version, asked)
		restored.noteLease(version)
	}
	managerOptions, err := managerOptions(restConfig, own, noteLease, options)
	if err != nil {
		return nil, err
	}
	certificate, err := metricsCertificate(own, options)
	if err != nil {
		return nil, err
	}
	managerOptions.Metrics = metricsOptions(certificate, options)
	managerOptions.NewCache = missing.newCache
	made := &informers{}
	managerOptions.Cache.NewInformer = made.newInformer
	mgr, err := manager.New(restConfig, managerOptions)
	if err != nil {
		return nil, fmt.Errorf("creating the manager: %w", err)
	}
	foreignSlices, err := newForeignSliceCache(mgr, options.Namespaces, made)
	if err != nil {
		return nil, err
	}
	if err := addIndexes(ctx, mgr.GetCache(), foreignSlices); err != nil {
		return nil, err
	}
	r, err := newReconciler(mgr, foreignSlices, own, options)
	if err != nil {
		return nil, err
	}
	r.heartbeat = beat
	restored.restored = r.forgetVersions
	made.missed = r.noteMissed
	if err := addController(mgr, r, foreignSlices, options); err != nil {
		return nil, err
	}
	synced := &atomic.Bool{}
	if options.LeaderElection && options.TakeoverDelay > 0 {
		r.patience = min(2*options.TakeoverDelay, maxStaleRetries*staleRetry/2)
		if err := addTakeover(mgr, r, synced.Load, options); err != nil {
			return nil, err
		}
	}
	return endingManager{mgr}, addRunnables(mgr, foreignSlices, certificate, missing, own, synced)
}

// connection is how the API server is reached, through all of these in this order.
func connection(to *rest.Config, options Options, through ...transport.WrapperFunc) *rest.Config {
	restConfig := rest.CopyConfig(to)
	restConfig.UserAgent = Name + "/" + options.Version
	// The API server's priority and fairness decides how much is too much; a limit here would only delay a failover.
	restConfig.QPS = -1
	for _, wrapper := range through {
		restConfig.Wrap(wrapper)
	}
	return restConfig
}

func newReconciler(mgr manager.Manager, foreignSlices cache.Cache, own *metrics.Metrics, options Options) (*Reconciler, error) {
	live, err := newLiveClient(mgr, longestRead)
	if err != nil {
		return nil, err
	}
	writing, err := newLiveClient(mgr, longestWrite)
	if err != nil {
		return nil, err
	}
	return &Reconciler{
		client:        writing,
		cache:         mgr.GetCache(),
		foreignSlices: foreignSlices,
		live:          live,
		freshPods:     newPodLists(live),
		clock:         options.Clock,
		events:        newEventBudget(mgr.GetEventRecorder(Name), options.Clock),
		metrics:       own,
		elected:       mgr.Elected(),
		progress:      progress{everywhere: len(options.Namespaces) == 0},
		writes:        newOwnWrites(),
		counts:        newCounts(),
		triggers:      newTriggerTimes(),
		unanswered:    &sourceSet{},
	}, nil
}

// addController adds the controller. Its sources are warm before the Lease is won.
func addController(mgr manager.Manager, r *Reconciler, foreignSlices cache.Cache, options Options) error {
	warm := true
	queue := newQueue(Name, r.unanswered)
	c, err := controller.New(Name, mgr, controller.Options{
		Reconciler:              r,
		MaxConcurrentReconciles: options.MaxConcurrentReconciles,
		EnableWarmup:            &warm,
		NewQueue:                queue.asOption,
	})
	if err != nil {
		return fmt.Errorf("creating the controller: %w", err)
	}
	if err := mgr.Add(manager.RunnableFunc(func(context.Context) error { // runs once this replica holds the Lease
		r.held.release(queue)
		return nil
	})); err != nil {
		return err
	}
	if err := r.startWatches(c, mgr.GetCache(), foreignSlices); err != nil {
		return fmt.Errorf("watching: %w", err)
	}
	return nil
}

// waitingTakeovers is how many decisions of a replica that does not act first are under way for each that there may be of one that does:
// nearly all of their time they wait for the list of Pods that they share.
const waitingTakeovers = 8

// addTakeover adds the controller of a replica that does not act first. The watches of the other one fill its queue.
func addTakeover(mgr manager.Manager, r *Reconciler, synced func() bool, options Options) error {
	const name = Name + "-takeover"
	always := false
	queue := newQueue(name, r.unanswered)
	r.standby = queue
	_, err := controller.New(name, mgr, controller.Options{
		Reconciler: &takeover{
			Reconciler: r, delay: options.TakeoverDelay, leaseNamespace: options.LeaderElectionNamespace, synced: synced,
			routing:   make(chan struct{}, options.MaxConcurrentReconciles),
			finishing: make(chan struct{}, max(1, options.MaxConcurrentReconciles/4)),
		},
		NeedLeaderElection:      &always,
		MaxConcurrentReconciles: waitingTakeovers * options.MaxConcurrentReconciles,
		NewQueue:                queue.asOption,
	})
	if err != nil {
		return fmt.Errorf("creating the takeover controller: %w", err)
	}
	return nil
}

// requestQueue is a controller's queue that others may add to as well.
type requestQueue struct {
	priorityqueue.PriorityQueue[reconcile.Request]
}

// newQueue is told which sources wait for an answer of the API server.
func newQueue(name string, unanswered *sourceSet) requestQueue {
	return requestQueue{priorityqueue.New(name, func(o *priorityqueue.Opts[reconcile.Request]) {
		o.RateLimiter = newRetryPace(unanswered)
	})}
}

// asOption is controller.Options.NewQueue.
func (q requestQueue) asOption(string, workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
	return q
}

func managerOptions(restConfig *rest.Config, own *metrics.Metrics, noteLease func(version string, asked time.Time), options Options) (manager.Options, error) {
	managed := manager.Options{
		Scheme:                        scheme(),
		Cache:                         cacheOptions(options.Namespaces),
		HealthProbeBindAddress:        options.HealthProbeBindAddress,
		LeaderElection:                options.LeaderElection,
		LeaderElectionReleaseOnCancel: true,
		Controller:                    config.Controller{SkipNameValidation: &options.SkipNameValidation},
	}
	if !options.LeaderElection {
		return managed, nil
	}
	lock, err := newReplicaLock(restConfig, options.LeaderElectionNamespace, own.SetActing, noteLease, options.Clock)
	managed.LeaderElectionResourceLockInterface = lock
	return managed, err
}

func scheme() *runtime.Scheme {
	return clientgoscheme.Scheme
}

// metricsCertificate is nil if the metrics are not served, or without TLS.
func metricsCertificate(own *metrics.Metrics, options Options) (*servingCertificate, error) {
	if options.MetricsInsecure || options.MetricsBindAddress == noAddress {
		return nil, nil
	}
	return newServingCertificate(options.MetricsCertDir, options.Clock, own.SetCertificateExpiry)
}

func metricsOptions(certificate *servingCertificate, options Options) metricsserver.Options {
	server := metricsserver.Options{BindAddress: options.MetricsBindAddress}
	if certificate != nil {
		server.SecureServing = true
		server.TLSOpts = []func(*tls.Config){certificate.configure}
		server.FilterProvider = metrics.RequireAccess
	}
	return server
}

// addRunnables adds the probes, the second cache, the reloading of the certificate and the acting gauge. synced is set once the
// caches have been filled.
func addRunnables(mgr manager.Manager, foreignSlices cache.Cache, certificate *servingCertificate, missing *missingRights, own *metrics.Metrics,
	synced *atomic.Bool) error {
	return errors.Join(
		mgr.Add(standby(certificate.reload)),
		mgr.Add(standby(foreignSlices.Start)), // a cache of several namespaces does not say by itself that it runs everywhere
		mgr.Add(standby(func(ctx context.Context) error {
			synced.Store(mgr.GetCache().WaitForCacheSync(ctx) && foreignSlices.WaitForCacheSync(ctx))
			return nil
		})),
		mgr.Add(manager.RunnableFunc(func(ctx context.Context) error { // runs once this replica holds the Lease
			own.SetActing(true)
			<-ctx.Done()
			own.SetActing(false)
			return nil
		})),
		mgr.AddHealthzCheck("alive", func(*http.Request) error { return nil }),
		mgr.AddReadyzCheck("caches", func(*http.Request) error {
			if !synced.Load() {
				return errors.New("the caches are being filled")
			}
			return nil
		}),
		mgr.AddReadyzCheck("rights", func(*http.Request) error {
			if missing.blocking.Load() {
				return errors.New("rights are missing, which the log names")
			}
			return nil
		}),
	)
}

// standby is a runnable that runs in every replica, whoever holds the Lease.
type standby func(context.Context) error

func (s standby) Start(ctx context.Context) error { return s(ctx) }

func (s standby) NeedLeaderElection() bool { return false }
