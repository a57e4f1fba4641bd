package election_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/zen-lead/zen-lead/controllers/election"
)

// BenchmarkElection elects among the replicas of a Deployment, whose leader has just become not Ready.
func BenchmarkElection(b *testing.B) {
	for _, replicas := range []int{2, 10, 100} {
		var pods []candidate
		for number := range replicas {
			pods = append(pods, pod(fmt.Sprintf("pod-%d", number)).ready(ago(time.Duration(number)*time.Minute)))
		}
		pods[0] = pods[0].unready(now)
		held := among(pods...).ledBy("pod-0")
		b.Run(fmt.Sprintf("%d Pods", replicas), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if election.Elect(held.policy, held.current, held.pods, held.lease, now).Leader == nil {
					b.Fatal("nobody leads")
				}
			}
		})
	}
}
