package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zen-lead/zen-lead/test/chaos/checker"
	"github.com/zen-lead/zen-lead/test/chaos/results"
)

// giveUp is when no longer to wait until every slice is right.
const giveUp = time.Minute

// Options are what a run can be told.
type Options struct {
	// Binary is the operator's.
	Binary string
	// Jumpy is whether its clock can jump, see test/chaos/jumpy.
	Jumpy bool
	// Seed makes the faults and failures; the same one makes the same ones.
	Seed uint64
	// Rounds is how many rounds of faults there are, Services how many Services.
	Rounds, Services int
	// Longest is how long a fault may be.
	Longest time.Duration
	// Faults are the names of those to choose from; none for all.
	Faults []string
	// RightWithin is how soon after the last fault and failure every slice has to be right, and Tolerance for how long a Pod may have been ineligible
	// when it comes to be published, where nothing has kept the replicas from knowing.
	RightWithin, Tolerance time.Duration
	// Output takes what the run has to say, Log what the replicas say.
	Output, Log io.Writer
}

// Run makes the rounds. It fails if it could not, not if something was wrong.
func Run(ctx context.Context, options Options) (all *results.Results, err error) {
	chosen, err := choose(options.Faults, options.Jumpy)
	if err != nil {
		return nil, err
	}
	w, err := newWorld(ctx, options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	random := rand.New(rand.NewPCG(options.Seed, 0))
	var total tally
	made := map[string]int{}
	planted, err := w.plant(ctx)
	if err != nil {
		return nil, err
	}
	for number := range options.Rounds {
		round := w.plan(random, chosen, options.Longest)
		fmt.Fprintf(options.Output, "%3d. %s: ", number+1, round)
		found, err := w.run(ctx, random, round)
		if err != nil {
			fmt.Fprintln(options.Output, err)
			return nil, err
		}
		for _, p := range round {
			made[p.name]++
		}
		total.add(found)
		fmt.Fprintln(options.Output, &found)
		for _, text := range found.violations {
			fmt.Fprintf(options.Output, "     WRONG: %s\n", text)
		}
	}
	writes, foreign, err := w.audit()
	if err != nil {
		return nil, err
	}
	touched, err := w.touched(ctx, planted)
	if err != nil {
		return nil, err
	}
	foreign = append(foreign, touched...)
	hits := w.hits()
	fmt.Fprintf(options.Output, "Seed %d: %s; %d writes of the operator, %d of them not its business; on the lines: %s\n",
		options.Seed, &total, writes, len(foreign), results.Counted(hits))
	return &results.Results{
		Seed: options.Seed, Rounds: total.rounds, Faults: made, Failed: total.failed, Spoiled: total.spoiled, Changes: total.Changes,
		Versions: total.Versions, RightAfter: total.right.Seconds(), CalmAfter: total.calm.Seconds(), Hits: hits, Ended: total.restarts, Waited: total.waited, Unknown: total.Stale, Forgotten: total.Forgotten,
		Writes: writes, Foreign: len(foreign), Wrong: append(total.violations, foreign...),
	}, nil
}

// planned is a fault in a round.
type planned struct {
	fault
	member        int
	after, length time.Duration
}

type round []planned

func (r round) String() string {
	var names []string
	for _, p := range r {
		who := ""
		if !p.plane {
			who = fmt.Sprintf(" (replica %d)", p.member+1)
		}
		names = append(names, fmt.Sprintf("%s%s %.1fs", p.name, who, p.length.Seconds()))
	}
	return strings.Join(names, " + ")
}

// plan chooses a round's faults: one to three, of the control plane at most one, and of each replica's at most one.
func (w *world) plan(random *rand.Rand, from []fault, longest time.Duration) round {
	var r round
	plane, members := false, map[int]bool{}
	for range 1 + random.IntN(3) {
		p := planned{fault: from[random.IntN(len(from))], member: random.IntN(len(w.members))}
		p.after = time.Duration(random.Int64N(int64(time.Second)))
		p.length = time.Second/2 + time.Duration(random.Int64N(int64(longest-time.Second/2)))
		if p.plane && plane || !p.plane && members[p.member] {
			continue
		}
		plane = plane || p.plane
		members[p.member] = members[p.member] || !p.plane
		r = append(r, p)
	}
	return r
}

// run makes the faults while Pods fail, and judges.
func (w *world) run(ctx context.Context, random *rand.Rand, faults round) (tally, error) {
	before := w.checker.Counts()
	done := make(chan struct{})
	found := tally{rounds: 1, faults: len(faults)}
	var failing sync.WaitGroup
	pods := fork(random)
	failing.Go(func() { found.failed, found.spoiled = w.failing(ctx, pods, done) })
	ends := make(chan error)
	for _, p := range faults {
		source := fork(random)
		go func() { ends <- w.make(ctx, p, source) }()
	}
	var err error
	for range faults {
		err = errors.Join(err, <-ends)
	}
	over := time.Now()
	close(done)
	failing.Wait()
	if err != nil {
		return found, err
	}
	calm := time.Now()
	recovered, err := w.rightAgain(ctx)
	found.restarts, found.gaps = w.takeRestarts(), int(w.watches.gaps.Swap(0))
	if err != nil {
		found.violations = append(found.violations, err.Error())
	}
	w.judgeRecoveries(&found, recovered, over, calm)
	found.violations = append(w.judged, found.violations...)
	w.judged = nil
	found.Counts = w.checker.Counts().Since(before)
	return found, nil
}

// make makes one fault, from its beginning to its end.
func (w *world) make(ctx context.Context, p planned, random *rand.Rand) error {
	time.Sleep(p.after)
	began := time.Now()
	end, err := p.begin(ctx, w, w.members[p.member], random)
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	time.Sleep(p.length)
	err = end(ctx)
	if p.blinds {
		w.checker.KeptFromKnowing(began, time.Now())
	}
	if p.blinds && !p.plane {
		w.checker.KeptApart(began, time.Now())
	}
	if err != nil {
		return fmt.Errorf("ending %s: %w", p.name, err)
	}
	return nil
}

// rightAgain waits until every slice is right, and returns when each came to be. It goes by when the watches brought what made a slice right: neither
// what asking takes nor when it is asked is the operator's.
func (w *world) rightAgain(ctx context.Context) ([]checker.Recovery, error) {
	ctx, cancel := context.WithTimeout(ctx, giveUp)
	defer cancel()
	var wrong []string
	err := until(ctx, func(ctx context.Context) bool {
		if w.watches.caughtUp(ctx) != nil {
			return false
		}
		w.judged = append(w.judged, w.checker.Judge()...)
		wrong = w.checker.Wrong()
		return len(wrong) == 0
	})
	if err != nil {
		return nil, fmt.Errorf("not right after %s: %s", giveUp, strings.Join(wrong, "; "))
	}
	return w.checker.Recoveries(), nil
}

// leaseRunsOut is how long after a fault at most nobody has the Lease, if the replica that had it has lost it: 15 s after who wants it has first seen
// it, which may be as late, and up to 5 s until he looks.
const leaseRunsOut = 20 * time.Second

// judgeRecoveries notes how long after the last fault of a round Services came to be right, and which did too late: that is counted from when Pods had
// stopped failing too. Where the replica that acted has ended, a leader Service that somebody has deleted may have to wait for the Lease.
func (w *world) judgeRecoveries(found *tally, all []checker.Recovery, over, calm time.Time) {
	for _, recovered := range all {
		found.right = max(found.right, recovered.At.Sub(over))
		took := recovered.At.Sub(calm)
		found.calm = max(found.calm, took)
		switch {
		case took <= w.rightWithin:
		case recovered.Missing && found.restarts > 0 && took <= leaseRunsOut:
			found.waited++
		default:
			found.violations = append(found.violations, fmt.Sprintf("%s was right only %s after the last fault and failure",
				recovered.Service, took.Round(time.Millisecond)))
		}
	}
}

// Check refuses options that cannot be, and a binary that is not there.
func (o Options) Check() error {
	if o.Rounds < 1 || o.Services < 1 || o.Longest < time.Second {
		return errors.New("ROUNDS (-rounds) and -services must be at least 1, and LONGEST (-longest) 1s")
	}
	if o.RightWithin <= 0 || o.Tolerance <= 0 {
		return errors.New("-right-within and -tolerance must be more than 0")
	}
	if !o.Jumpy {
		if _, err := os.Stat(o.Binary); err != nil {
			return fmt.Errorf("-binary: %w", err)
		}
	}
	_, err := choose(o.Faults, o.Jumpy)
	return err
}

func namesOf(faults []fault) []string {
	names := make([]string, 0, len(faults))
	for _, f := range faults {
		names = append(names, f.name)
	}
	return names
}

// choose finds faults by their names; all that can be made if there are none.
func choose(names []string, jumpy bool) ([]fault, error) {
	var possible, chosen []fault
	for _, f := range faults {
		if jumpy || !f.jumps {
			possible = append(possible, f)
		}
	}
	for _, name := range names {
		index := slices.IndexFunc(possible, func(f fault) bool { return f.name == name })
		if index < 0 {
			return nil, fmt.Errorf("FAULTS (-faults): there is no fault %q, only: %s", name, strings.Join(namesOf(possible), ", "))
		}
		chosen = append(chosen, possible[index])
	}
	if len(chosen) == 0 {
		return possible, nil
	}
	return chosen, nil
}
