package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/bench/harness"
)

// TestMain lets the test binary be the process that a comparison starts to measure.
func TestMain(m *testing.M) {
	if harness.IsChild() {
		if err := harness.RunChild(context.Background(), groups(&servers{})); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// Every contestant runs, with a few events each, and what it publishes arrives. Nothing here looks at a clock.
func TestContestants(t *testing.T) {
	for _, g := range groups(addresses(t)) {
		t.Run(g.Name, func(t *testing.T) {
			needBroker(t, g.Name)
			for _, c := range g.Contestants {
				if c.FullOnly {
					continue
				}
				t.Run(c.Name, func(t *testing.T) { smoke(t, g, c) })
			}
		})
	}
}

func smoke(t *testing.T, g harness.Group, c harness.Contestant) {
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	task := harness.Task{Group: g.Name, Contestant: c.Name, Kind: g.Kind, Events: 2500, WarmUp: min(100, g.WarmUp), Body: 600}
	switch g.Kind {
	case harness.Latency:
		task.Events = 10
	case harness.StartUp:
		task.Events = 1
	}
	finish := func(context.Context, int) error { return nil }
	if g.Prepare != nil {
		var err error
		if finish, err = g.Prepare(ctx, &task); err != nil {
			t.Fatal(err)
		}
	}
	r, err := harness.Measure(ctx, c, task)
	if err != nil {
		t.Fatal(err)
	}
	if want := task.Events + task.WarmUp; r.Published != want || r.Events != task.Events || r.Wall <= 0 {
		t.Errorf("%+v, want %d events and %d published", r, task.Events, want)
	}
	if err := finish(ctx, r.Published); err != nil {
		t.Error(err)
	}
}

// addresses are those of running brokers, if the environment names some.
func addresses(t *testing.T) *servers {
	s := newServers(t.Context(), os.Getenv("EVHUB_KAFKA"), os.Getenv("EVHUB_AMQP"))
	s.dir = t.TempDir()
	s.backlogs.Dir = s.dir
	return s
}

func needBroker(t *testing.T, group string) {
	variable := ""
	switch {
	case strings.Contains(group, "kafka"):
		variable = "EVHUB_KAFKA"
	case strings.Contains(group, "rabbitmq"):
		variable = "EVHUB_AMQP"
	default:
		return
	}
	if os.Getenv(variable) == "" {
		t.Skipf("%s names no broker", variable)
	}
}

// A comparison runs each contestant in each round in a process of its own, and its table has a row for each.
func TestCompare(t *testing.T) {
	chosen, err := choose(groups(&servers{}), []string{"engine"})
	if err != nil {
		t.Fatal(err)
	}
	var progress, table bytes.Buffer
	o := harness.Options{
		Rounds: 2, Events: 500, Body: 600, Only: []string{"PutAll 100,"}, Timeout: time.Minute, Progress: &progress,
		Profiles: t.TempDir(),
	}
	results, err := harness.Run(t.Context(), chosen[0], o)
	if err != nil {
		t.Fatal(err)
	}
	results.Markdown(&table)
	for _, row := range []string{"| Put, raw | 1 / 1 / 1 |", "| PutAll 100, raw | "} {
		if !strings.Contains(table.String(), row) {
			t.Errorf("no row %q in\n%s", row, &table)
		}
	}
	if got := strings.Count(table.String(), "\n| "); got != 3 {
		t.Errorf("%d rows, want the head and two:\n%s", got, &table)
	}
	if got := strings.Count(progress.String(), "\n"); got != 4 {
		t.Errorf("%d runs, want 4:\n%s", got, &progress)
	}
	files, err := os.ReadDir(o.Profiles)
	if err != nil || len(files) != 4 {
		t.Errorf("%d profiles, error %v; want 4", len(files), err)
	}
}

func TestChoose(t *testing.T) {
	all := groups(&servers{})
	if got, err := choose(all, nil); err != nil || len(got) != len(all) {
		t.Errorf("no names: %d groups, error %v; want all %d", len(got), err, len(all))
	}
	got, err := choose(all, []string{"kafka4", "route"})
	if err != nil || len(got) != 2 || got[0].Name != "kafka4" || got[1].Name != "route" {
		t.Errorf("two names: %v, error %v", got, err)
	}
	if _, err := choose(all, []string{"kafak"}); err == nil {
		t.Error("an unknown name is no error")
	}
}
