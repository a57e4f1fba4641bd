package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/zen-lead/zen-lead/test/traffic/app/election"
	"github.com/zen-lead/zen-lead/test/traffic/app/server"
)

// serve runs the application under test.
func serve(ctx context.Context, arguments []string) error {
	options := server.Options{Pod: os.Getenv("POD_NAME")}
	campaign := election.Options{
		Namespace: os.Getenv("POD_NAMESPACE"), Pod: os.Getenv("POD_NAME"), Timings: election.DefaultTimings,
	}
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.StringVar(&options.TCP, "tcp", ":8080", "`address` for requests over TCP")
	flags.StringVar(&options.Second, "second", "", "`address` of a second port for requests over TCP; empty: none")
	flags.StringVar(&options.UDP, "udp", ":8080", "`address` for requests in datagrams")
	flags.StringVar(&options.Control, "control", ":8081", "`address` for probes and commands over HTTP")
	flags.DurationVar(&options.ShutdownDelay, "shutdown-delay", 5*time.Second, "how long to go on serving when told to end")
	flags.StringVar(&campaign.Lease, "election-lease", "", "`name` of the Lease to campaign for; empty: no election")
	flags.StringVar(&campaign.Label, "election-label", "", "`key` of the label that the Lease's holder puts on its own Pod; empty: none")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if options.Pod == "" {
		return errors.New("POD_NAME is not set")
	}
	if campaign.Lease != "" {
		started, err := startCampaign(campaign)
		if err != nil {
			return err
		}
		options.Allow = started.Allow
		if campaign.Label != "" {
			options.AwaitUnready = func() { started.AwaitUnready(ctx) }
		}
	}
	s, err := server.Listen(ctx, options)
	if err != nil {
		return err
	}
	fmt.Println("serving", s)
	s.Run(ctx)
	return nil
}

// startCampaign starts to campaign, once that is allowed, for as long as the process runs: what is left to do when it is told
// to end is done in the shutdown delay.
func startCampaign(options election.Options) (*election.Campaign, error) {
	if options.Namespace == "" {
		return nil, errors.New("an election needs POD_NAMESPACE")
	}
	// Without KUBECONFIG it is the Pod's own service account.
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return nil, fmt.Errorf("finding the API server: %w", err)
	}
	// As client-go does it for its own locks: a call that hangs must not use up the time for a second one.
	config.Timeout = options.Timings.RenewDeadline / 2
	config.QPS = -1
	if options.Client, err = kubernetes.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	campaign := election.New(options)
	go func() {
		if err := campaign.Run(context.Background()); err != nil {
			log.Print("The campaign ended: ", err)
		}
	}()
	return campaign, nil
}
