package workload

import "context"

// Failure is a way in which a Pod fails and, after a while, is well again.
type Failure struct {
	Name    string
	Fail    func(*Pods, context.Context, string) error
	Recover func(*Pods, context.Context, string) error
}

// Failures are all ways that there are.
var Failures = []Failure{
	{"not ready", func(p *Pods, ctx context.Context, pod string) error { return p.SetReady(ctx, pod, false) },
		func(p *Pods, ctx context.Context, pod string) error { return p.SetReady(ctx, pod, true) }},
	{"deleted", (*Pods).Delete, (*Pods).Remake},
	{"terminating", (*Pods).Terminate, (*Pods).Remake},
	{"finished", (*Pods).Finish, (*Pods).Remake},
}
