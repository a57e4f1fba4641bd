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
		measured := results.Case{Name: c.Name, Title: c.Title, Answers: c.answers}
		for number := 1; number <= c.Rounds; number++ {
			start := time.Now()
			round, err := b.Round(ctx, c)
			if err != nil {
				return err
			}
			measured.Rounds = append(measured.Rounds, round)
			fmt.Fprintf(options.Progress, "%2d of %d, %.0f s, %s\n", number, c.Rounds, time.Since(start).Seconds(), Describe(c, round))
		}
		if err := done(measured); err != nil {
			return err
		}
	}
	return nil
}

// Describe tells of a round in a line.
func Describe(c Case, round results.Round) string {
	leader, plain := round.Streams[results.WayLeader][record.ModeNew], round.Streams[results.WayPlain][record.ModeNew]
	label := round.Streams[results.WayLabel][record.ModeNew]
	text := fmt.Sprintf("%s: failed %d / %d / %d, gap %.0f / %.0f / %.0f ms", c.Name,
		leader.Failed, plain.Failed, label.Failed, leader.LongestGap, plain.LongestGap, label.LongestGap)
	if len(round.Slices) > 0 {
		text += fmt.Sprintf(", met the failed Pod for %.1f / %.1f / %.1f ms, slices after %.1f / %.1f / %.1f ms, ours first: %t",
			leader.StopUsing, plain.StopUsing, label.StopUsing,
			round.Slices[results.WayLeader], round.Slices[results.WayPlain], round.Slices[results.WayLabel], round.LeaderFirst)
	}
	return text + " (leader / plain / label); leaders " + round.Leaders
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
