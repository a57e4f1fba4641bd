package figures_test

import (
	"maps"
	"testing"
	"time"

	"github.com/zen-lead/zen-lead/test/traffic/figures"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

func TestRequestsOfTheWindowCount(t *testing.T) {
	f := seen(
		answered(-1, "a"), answered(0, "a"), request(999, "", record.Refused), request(500, "", record.Refused),
		request(600, "a", record.Unready), request(700, "", record.Skipped), request(1000, "", record.TimedOut),
	).figures()
	if f.Requests != 5 || f.Failed != 4 {
		t.Errorf("%d of %d failed", f.Failed, f.Requests)
	}
	if want := map[string]int{"refused": 2, "unready": 1, "skipped": 1}; !maps.Equal(f.FailedByOutcome, want) {
		t.Errorf("failed by outcome %v", f.FailedByOutcome)
	}
}

func TestLongestGap(t *testing.T) {
	for name, c := range map[string]struct {
		story story
		want  float64
	}{
		"no request at all":                 {seen(), 0},
		"no answer, but no failure":         {seen(answered(10, "a"), answered(900, "a")), 0},
		"between two answers":               {seen(answered(99, "a"), request(100, "", record.Refused), request(300, "", record.Reset), answered(400, "b")), 300},
		"by the time of sending":            {seen(slow(100, 500, "", record.TimedOut), slow(300, 400, "a", record.OK)), 200},
		"whatever order they ended in":      {seen(answered(300, "a"), request(100, "", record.TimedOut)), 200},
		"until the window's end":            {seen(answered(199, "a"), request(200, "", record.Refused)), 800},
		"an answer ends it":                 {seen(request(100, "", record.Refused), answered(150, "b"), request(200, "a", record.Unready), answered(210, "b")), 50},
		"failures before the window do not": {seen(request(-10, "", record.Refused), answered(10, "a")), 0},
	} {
		if got := c.story.figures().LongestGap; got != c.want {
			t.Errorf("%s: %v ms, want %v", name, got, c.want)
		}
	}
}

func TestAnswersByAPodThatWasNotTheLeader(t *testing.T) {
	for name, c := range map[string]struct {
		story story
		want  int
	}{
		"the leader":                         {seen(answered(10, "a")).ledBy("a", -5), 0},
		"another Pod":                        {seen(answered(10, "b")).ledBy("a", -5), 1},
		"another Pod that refused":           {seen(request(10, "b", record.Unready)).ledBy("a", -5), 0},
		"nobody was meant to lead":           {seen(answered(10, "a")).ledBy("", -5), 1},
		"no history":                         {seen(answered(10, "a")), 0},
		"the leader when it was sent":        {seen(slow(10, 20, "a", record.OK)).ledBy("a", -5).ledBy("b", 20), 0},
		"the leader when it was answered":    {seen(slow(10, 20, "b", record.OK)).ledBy("a", -5).ledBy("b", 30), 0},
		"the leader for an instant between":  {seen(slow(10, 20, "b", record.OK)).ledBy("a", -5).ledBy("b", 15).ledBy("c", 16), 0},
		"the leader up to the very sending":  {seen(answered(10, "a")).ledBy("a", -5).ledBy("b", 10), 1},
		"the leader only after the answer":   {seen(answered(10, "b")).ledBy("a", -5).ledBy("b", 12), 1},
		"a leader before the history begins": {seen(answered(10, "a")).ledBy("a", 500), 1},
	} {
		if got := c.story.figures().NotLeader; got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestLeaderChanges(t *testing.T) {
	for name, c := range map[string]struct {
		story story
		want  int
	}{
		"none":                              {seen().ledBy("a", -5), 0},
		"to another":                        {seen().ledBy("a", -5).ledBy("b", 10), 1},
		"to nobody and back":                {seen().ledBy("a", -5).ledBy("", 10).ledBy("a", 20), 0},
		"to nobody":                         {seen().ledBy("a", -5).ledBy("", 10), 0},
		"to nobody, then another":           {seen().ledBy("a", -5).ledBy("", 10).ledBy("b", 20), 1},
		"there and back":                    {seen().ledBy("a", -5).ledBy("b", 10).ledBy("a", 20), 2},
		"the same once more":                {seen().ledBy("a", -5).ledBy("a", 10), 0},
		"before the window":                 {seen().ledBy("a", -5).ledBy("b", -1), 0},
		"after the window":                  {seen().ledBy("a", -5).ledBy("b", 1000), 0},
		"lost before the window, then back": {seen().ledBy("a", -5).ledBy("", -1).ledBy("a", 20), 0},
		"lost before, another in it":        {seen().ledBy("a", -5).ledBy("", -1).ledBy("b", 20), 1},
		"the first one ever":                {seen().ledBy("", -5).ledBy("a", 10), 0},
	} {
		if got := c.story.figures().LeaderChanges; got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestWhenTheFaultedPodIsNoLongerUsed(t *testing.T) {
	for name, c := range map[string]struct {
		story story
		want  float64
	}{
		"at once":                       {seen(answered(99, "a"), answered(101, "b")).failing("a", 100), 0},
		"the last answer counts":        {seen(answered(110, "a"), answered(120, "b"), answered(130, "a")).failing("a", 100), 30},
		"refusals count":                {seen(request(140, "a", record.Unready)).failing("a", 100), 40},
		"a lost connection to it":       {seen(slow(150, 500, "a", record.TimedOut)).failing("a", 100), 50},
		"failures of nobody do not":     {seen(request(150, "", record.Refused)).failing("a", 100), 0},
		"not once it is well again":     {seen(answered(110, "a"), answered(300, "a")).failing("a", 100).healed(300), 10},
		"without a fault there is none": {seen(answered(110, "a")), 0},
		"beyond the window nothing":     {seen(answered(110, "a"), answered(1100, "a")).failing("a", 100), 10},
	} {
		if got := c.story.figures().StopUsing; got != c.want {
			t.Errorf("%s: %v ms, want %v", name, got, c.want)
		}
	}
}

func TestFirstAnswerByAnotherPod(t *testing.T) {
	for name, c := range map[string]struct {
		story story
		want  float64
	}{
		"by the time of answers":         {seen(slow(110, 50, "b", record.OK), slow(120, 10, "c", record.OK)).failing("a", 100), 30},
		"sent before the fault":          {seen(slow(99, 11, "b", record.OK), answered(119, "b")).failing("a", 100), 20},
		"refusals and failures do not":   {seen(request(110, "b", record.Unready), request(111, "", record.Refused)).failing("a", 100), figures.None},
		"the faulted Pod itself":         {seen(answered(110, "a")).failing("a", 100), figures.None},
		"without a fault there is none":  {seen(answered(110, "b")), figures.None},
		"other Pods served all the time": {seen(answered(50, "b"), answered(101, "b")).failing("a", 100), 2},
	} {
		if got := c.story.figures().FirstOther; got != c.want {
			t.Errorf("%s: %v ms, want %v", name, got, c.want)
		}
	}
}

func TestOverlapOfOneClient(t *testing.T) {
	both := seen(answered(90, "a"), answered(109, "b"), answered(130, "a"), answered(140, "b"))
	for name, c := range map[string]struct {
		story story
		want  float64
	}{
		"one after the other":            {seen(answered(105, "a"), answered(110, "b")).failing("a", 100), 0},
		"both for a while":               {both.failing("a", 100), 20},
		"only until it is well again":    {both.failing("a", 100).healed(120), 0},
		"nobody else answered":           {seen(answered(105, "a")).failing("a", 100), 0},
		"without a fault, at the change": {both.ledBy("a", -5).ledBy("b", 105), 20},
		"not once it leads again":        {both.ledBy("a", -5).ledBy("b", 105).ledBy("a", 125), 140 - 131},
		"neither fault nor change":       {both.ledBy("a", -5), 0},
	} {
		if got := c.story.figures().Overlap; got != c.want {
			t.Errorf("%s: %v ms, want %v", name, got, c.want)
		}
	}
}

func TestOverlapAmongClientsOnSeveralNodes(t *testing.T) {
	early := seen(answered(90, "a"), answered(109, "b"))
	late := seen(answered(125, "a"), answered(139, "b"))
	later := seen(answered(135, "a"))
	later.Pods, later.Records[0].Pod = []string{"", "b", "a"}, 2 // each client numbers Pods as it meets them
	for name, c := range map[string]struct {
		clients []story
		want    time.Duration
	}{
		"nobody":        {nil, 0},
		"alone":         {[]story{late.failing("a", 100)}, 0},
		"two":           {[]story{early.failing("a", 100), late}, 15 * time.Millisecond},
		"their order":   {[]story{late.failing("a", 100), early}, 15 * time.Millisecond},
		"the largest":   {[]story{early.failing("a", 100), late, later}, 25 * time.Millisecond},
		"at the change": {[]story{early.ledBy("a", -5).ledBy("b", 100), later}, 25 * time.Millisecond},
		"none overlap":  {[]story{late.failing("a", 100), seen(answered(139, "b"))}, 0},
	} {
		var inputs []figures.Input
		for _, client := range c.clients {
			inputs = append(inputs, figures.Input(client))
		}
		if got := figures.Overlap(inputs); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestAnswersOutOfOrder(t *testing.T) {
	two := seen().ledBy("a", -5).ledBy("b", 100)
	for name, c := range map[string]struct {
		story   story
		records []record.Record
		want    int
	}{
		"in order":                     {two, []record.Record{answered(105, "a"), answered(110, "b")}, 0},
		"sent before the new answered": {two, []record.Record{slow(110, 5, "b", record.OK), slow(112, 9, "a", record.OK)}, 0},
		"sent after it":                {two, []record.Record{answered(110, "b"), answered(112, "a"), answered(113, "a")}, 2},
		"a refusal shows the way too":  {two, []record.Record{answered(110, "b"), request(112, "a", record.Unready)}, 1},
		"a failure shows nothing":      {two, []record.Record{answered(110, "b"), request(112, "a", record.Reset)}, 0},
		"the new one never answered":   {two, []record.Record{answered(112, "a")}, 0},
		"the new one before it led":    {two, []record.Record{answered(10, "b"), answered(20, "a")}, 0},
		"once the former leads again":  {two.ledBy("a", 200), []record.Record{answered(110, "b"), answered(250, "a")}, 0},
		"a third Pod":                  {two, []record.Record{answered(110, "b"), answered(112, "c")}, 0},
	} {
		c.story.Records = c.records
		if got := c.story.figures().OutOfOrder; got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
