package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// prometheus asks Prometheus. Source: its documentation, "HTTP API".
type prometheus struct{ url string }

// series is one series of a result.
type series struct {
	labels  map[string]string
	samples []sample
}

type sample struct {
	time  float64 // seconds since the epoch
	value float64
}

// last is the last value that is a number; not found if there is none.
func (s series) last() (float64, bool) {
	for i := len(s.samples) - 1; i >= 0; i-- {
		if !math.IsNaN(s.samples[i].value) {
			return s.samples[i].value, true
		}
	}
	return 0, false
}

type answer struct {
	Status string `json:"status"`
	Error  string `json:"error"`
	Data   struct {
		Result []struct {
			Metric map[string]string `json:"metric"`
			Value  *pair             `json:"value"`
			Values []pair            `json:"values"`
		} `json:"result"`
	} `json:"data"`
}

// pair is [time, "value"].
type pair sample

func (p *pair) UnmarshalJSON(content []byte) error {
	var text string
	parts := []any{&p.time, &text}
	if err := json.Unmarshal(content, &parts); err != nil {
		return err
	}
	var err error
	p.value, err = strconv.ParseFloat(text, 64)
	return err
}

func (c *prometheus) atOnce(ctx context.Context, expr string, at time.Time) ([]series, error) {
	return c.ask(ctx, "query", url.Values{"query": {expr}, "time": {seconds(at)}})
}

// overTime asks for points at multiples of the step, as Grafana does: the graph then does not change with the moment it is drawn.
func (c *prometheus) overTime(ctx context.Context, expr string, from, to time.Time, step time.Duration) ([]series, error) {
	return c.ask(ctx, "query_range", url.Values{
		"query": {expr}, "start": {seconds(from.Truncate(step))}, "end": {seconds(to.Truncate(step))}, "step": {promDuration(step)},
	})
}

func seconds(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

func (c *prometheus) ask(ctx context.Context, path string, query url.Values) ([]series, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/api/v1/"+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var got answer
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		return nil, fmt.Errorf("%s: %w", response.Status, err)
	}
	if got.Status != "success" {
		return nil, fmt.Errorf("%s: %s", response.Status, got.Error)
	}
	found := make([]series, 0, len(got.Data.Result))
	for _, one := range got.Data.Result {
		s := series{labels: one.Metric}
		if one.Value != nil {
			one.Values = append(one.Values, *one.Value)
		}
		for _, value := range one.Values {
			s.samples = append(s.samples, sample(value))
		}
		found = append(found, s)
	}
	return found, nil
}
