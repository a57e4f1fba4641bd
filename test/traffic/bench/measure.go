package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/zen-lead/zen-lead/test/traffic/record"
	"github.com/zen-lead/zen-lead/test/traffic/results"
)

// Measure measures cases one after the other on a Deployment or a StatefulSet, and hands each one over as soon as it is done.
func Measure(ctx context.Context, options Options, cases []Case, stateful bool, done func(results.Case) error) (err error) {
	if len(cases) == 0 {
		return nil
	}
	b, err := Open(ctx, options, "my-app", stateful)
	if b != nil {
		defer func() { err = errors.Join(err, b.Close(context.WithoutCancel(ctx))) }()
	}
	if err != nil {
		return err
	}
	for _, c := range cases {
		measured := results.Case{Name: c.Name, Title: c.Title}
		for number := 1; number <= c.Rounds; number++ {
			start := time.Now()
			round, err := b.Round(ctx, c)
			if err != nil {
				return err
			}
			measured.Rounds = append(measured.Rounds, round)
			tell(options, c, number, round, time.Since(start))
		}
		if err := done(measured); err != nil {
			return err
		}
	}
	return nil
}

// tell tells of a round in a line.
func tell(options Options, c Case, number int, round results.Round, took time.Duration) {
	leader, plain := round.Streams[results.WayLeader][record.ModeNew], round.Streams[results.WayPlain][record.ModeNew]
	label := round.Streams[results.WayLabel][record.ModeNew]
	fmt.Fprintf(options.Progress, "%-17s %2d of %d (%.0f s): failed %d / %d / %d, gap %.0f / %.0f / %.0f ms, met the failed Pod for %.1f / %.1f / %.1f ms"+
		" (leader / plain / label); slices after %.1f / %.1f / %.1f ms, ours first: %t; leaders %s\n",
		c.Name, number, c.Rounds, took.Seconds(), leader.Failed, plain.Failed, label.Failed, leader.LongestGap, plain.LongestGap, label.LongestGap,
		leader.StopUsing, plain.StopUsing, label.StopUsing,
		round.Slices[results.WayLeader], round.Slices[results.WayPlain], round.Slices[results.WayLabel], round.LeaderFirst, round.Leaders)
}

// KubernetesVersion is that of a cluster's API server.
func KubernetesVersion(kubeconfig string) (string, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return "", err
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return "", err
	}
	version, err := client.ServerVersion()
	if err != nil {
		return "", err
	}
	return version.GitVersion, nil
}
