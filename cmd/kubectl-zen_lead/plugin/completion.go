package plugin

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// completeWithin is how long a shell is kept waiting.
const completeWithin = 3 * time.Second

// Which Services to propose.
func anyService(service *corev1.Service) bool { return !leaderservice.MadeByUs(service) }
func optedIn(service *corev1.Service) bool    { return contract.OptedIn(service.Annotations) }
func notOptedIn(service *corev1.Service) bool { return anyService(service) && !optedIn(service) }

func mustComplete(err error) {
	if err != nil {
		panic(err) // a flag that is not there, or completed twice
	}
}

// completeServices proposes names of Services for the first argument.
func (c *cli) completeServices(fits func(*corev1.Service) bool) cobra.CompletionFunc {
	return func(command *cobra.Command, arguments []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(arguments) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return c.proposals(command, typed, func(ctx context.Context, cluster *cluster) ([]string, error) {
			services := &corev1.ServiceList{}
			err := cluster.List(ctx, services, client.InNamespace(cluster.namespace))
			var names []string
			for i := range services.Items {
				if fits(&services.Items[i]) {
					names = append(names, services.Items[i].Name)
				}
			}
			return names, err
		})
	}
}

// completeSwitch proposes Services, and then the Pods that could lead.
func (c *cli) completeSwitch(command *cobra.Command, arguments []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(arguments) == 0 {
		return c.completeServices(optedIn)(command, arguments, typed)
	}
	if len(arguments) > 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.proposals(command, typed, func(ctx context.Context, cluster *cluster) ([]string, error) {
		read, err := c.read(ctx, cluster)
		if err != nil {
			return nil, err
		}
		view, _, err := read.look(ctx, cluster.key(arguments[0]))
		if err != nil {
			return nil, err
		}
		var names []string
		for _, candidate := range view.Pods {
			if leads := view.Decision.Leader != nil && view.Decision.Leader.UID == candidate.Pod.UID; candidate.Rule == "" && !leads {
				names = append(names, candidate.Pod.Name)
			}
		}
		return names, nil
	})
}

// proposals are the names that go on as typed. That something could not be read is no matter of the shell's.
func (c *cli) proposals(command *cobra.Command, typed string, find func(context.Context, *cluster) ([]string, error)) (
	[]cobra.Completion, cobra.ShellCompDirective,
) {
	ctx, cancel := context.WithTimeout(command.Context(), completeWithin)
	defer cancel()
	cluster, err := c.connect(false)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, err := find(ctx, cluster)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var fitting []cobra.Completion
	for _, name := range names {
		if strings.HasPrefix(name, typed) {
			fitting = append(fitting, name)
		}
	}
	return fitting, cobra.ShellCompDirectiveNoFileComp
}

// completeFlags proposes values of the flags that all commands have.
func (c *cli) completeFlags(root *cobra.Command) {
	mustComplete(root.RegisterFlagCompletionFunc("namespace", func(command *cobra.Command, _ []string, typed string) (
		[]cobra.Completion, cobra.ShellCompDirective,
	) {
		return c.proposals(command, typed, func(ctx context.Context, cluster *cluster) ([]string, error) {
			namespaces := &metav1.PartialObjectMetadataList{}
			namespaces.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NamespaceList"))
			err := cluster.List(ctx, namespaces)
			names := make([]string, 0, len(namespaces.Items))
			for i := range namespaces.Items {
				names = append(names, namespaces.Items[i].Name)
			}
			return names, err
		})
	}))
	mustComplete(root.RegisterFlagCompletionFunc("context", func(_ *cobra.Command, _ []string, typed string) (
		[]cobra.Completion, cobra.ShellCompDirective,
	) {
		config, err := c.flags.ToRawKubeConfigLoader().RawConfig()
		var names []cobra.Completion
		for name := range config.Contexts {
			if err == nil && strings.HasPrefix(name, typed) {
				names = append(names, name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}))
}
