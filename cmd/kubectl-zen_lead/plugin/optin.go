package plugin

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// Values of --dry-run, which are kubectl's.
const (
	dryRunNone   = "none"
	dryRunClient = "client"
	dryRunServer = "server"
)

// optIn sets or removes the annotation that opts a Service in.
type optIn struct {
	*cli
	enable  bool
	dryRun  string
	printer *genericclioptions.PrintFlags
}

func (c *cli) enableCommand() *cobra.Command {
	return c.optInCommand(&optIn{cli: c, enable: true}, &cobra.Command{
		Use:   "enable SERVICE",
		Short: "Opt a Service in: it gets a leader Service",
		Long: "Set " + contract.AnnotationEnabled + "=true on SERVICE. What cannot have a leader Service is refused: a Service of type\n" +
			"ExternalName, without a selector or without ports, or one whose other settings leave the leader Service without a name.",
		Example:           "  " + Name + " enable my-app --dry-run=server",
		ValidArgsFunction: c.completeServices(notOptedIn),
	})
}

func (c *cli) disableCommand() *cobra.Command {
	return c.optInCommand(&optIn{cli: c}, &cobra.Command{
		Use:   "disable SERVICE",
		Short: "Opt a Service out: its leader Service is removed",
		Long: "Take " + contract.AnnotationEnabled + " away from SERVICE. The operator then removes the leader Service and its\n" +
			"EndpointSlices: whoever connects to it cannot any longer, and its epoch ends. Other settings stay on SERVICE.",
		Example:           "  " + Name + " disable my-app",
		ValidArgsFunction: c.completeServices(optedIn),
	})
}

func (c *cli) optInCommand(o *optIn, command *cobra.Command) *cobra.Command {
	operation := "disabled"
	if o.enable {
		operation = "enabled"
	}
	o.printer = genericclioptions.NewPrintFlags(operation).WithTypeSetter(newScheme())
	o.printer.AddFlags(command)
	command.Flags().StringVar(&o.dryRun, "dry-run", dryRunNone,
		`"none", "client" or "server". With client the Service is only printed as it would be, with server the API server judges it and keeps nothing.`)
	mustComplete(command.RegisterFlagCompletionFunc("dry-run",
		cobra.FixedCompletions([]string{dryRunNone, dryRunClient, dryRunServer}, cobra.ShellCompDirectiveNoFileComp)))
	mustComplete(command.RegisterFlagCompletionFunc("output",
		cobra.FixedCompletions(o.printer.AllowedFormats(), cobra.ShellCompDirectiveNoFileComp)))
	command.Args = usageArgs(cobra.ExactArgs(1))
	command.RunE = func(command *cobra.Command, arguments []string) error { return o.run(command.Context(), arguments[0]) }
	return command
}

func (o *optIn) run(ctx context.Context, name string) error {
	template := map[string]string{dryRunNone: "%s", dryRunClient: "%s (dry run)", dryRunServer: "%s (server dry run)"}[o.dryRun]
	if template == "" {
		return usageError(fmt.Errorf("--dry-run is %q; it can be none, client or server", o.dryRun))
	}
	if err := o.printer.Complete(template); err != nil {
		return usageError(err)
	}
	printer, err := o.printer.ToPrinter()
	if err != nil {
		return usageError(err)
	}
	cluster, err := o.connect(false)
	if err != nil {
		return err
	}
	service, err := cluster.service(ctx, name)
	if err != nil {
		return err
	}
	if err := o.apply(ctx, cluster, service); err != nil {
		return err
	}
	return printer.PrintObj(service, o.Out)
}

// apply makes the change to the Service, here alone or at the API server.
func (o *optIn) apply(ctx context.Context, cluster *cluster, service *corev1.Service) error {
	if leaderservice.MadeByUs(service) {
		return fmt.Errorf("%s is the leader Service of %s, which is the one to name", service.Name, leaderservice.SourceName(service))
	}
	changed := service.DeepCopy()
	changed.Annotations = maps.Clone(service.Annotations)
	if changed.Annotations == nil {
		changed.Annotations = map[string]string{}
	}
	var value *string
	if o.enable {
		yes := "true"
		value, changed.Annotations[contract.AnnotationEnabled] = &yes, yes
		if err := refuseToEnable(changed); err != nil {
			return err
		}
	} else {
		delete(changed.Annotations, contract.AnnotationEnabled)
	}
	if o.dryRun == dryRunClient {
		*service = *changed
		return nil
	}
	patch, err := patchOf(contract.AnnotationEnabled, value, service.ResourceVersion)
	if err != nil {
		return err
	}
	options := []client.PatchOption{client.FieldOwner(Binary)}
	if o.dryRun == dryRunServer {
		options = append(options, client.DryRunAll)
	}
	return cluster.Patch(ctx, service, patch, options...)
}

// refuseToEnable refuses what the operator could not make a leader Service for.
func refuseToEnable(service *corev1.Service) error {
	if reason := leaderservice.UnsupportedReason(service); reason != "" {
		return errors.New(reason)
	}
	policy, invalid := contract.Parse(service.Name, service.Annotations)
	if policy.LeaderServiceName != "" {
		return nil // other bad values have defaults
	}
	for _, bad := range invalid {
		if bad.Key == contract.AnnotationLeaderServiceName {
			return errors.New(bad.String())
		}
	}
	return nil
}
