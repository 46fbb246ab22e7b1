// Command bench compares evhub with the clients below it.
//
//	go run . [flags]
//
// It prints Markdown tables; README.md says how to read them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/evhub/evhub/bench/harness"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := compare
	if harness.IsChild() {
		run = func(ctx context.Context) error { return harness.RunChild(ctx, groups(&servers{})) }
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // stop only gives the signal back
	}
}

// compare does what the flags say.
func compare(ctx context.Context) (err error) {
	o := harness.Options{Progress: os.Stderr}
	flag.IntVar(&o.Rounds, "rounds", 3, "how often each contestant runs")
	flag.IntVar(&o.Events, "events", 0, "events in each run; 0 means what suits the group")
	flag.BoolVar(&o.Full, "full", false, "as many events as no cache can hold: 4 GiB in a journal, and up to 20 GiB that wait in one")
	dir := flag.String("dir", "", "folder on the disk to measure; empty means the one for temporary files")
	flag.IntVar(&o.Body, "body", 600, "size of an event's body in bytes")
	flag.DurationVar(&o.Timeout, "timeout", 5*time.Minute, "longest time for one run")
	flag.StringVar(&o.Profiles, "profiles", "", "folder for a CPU profile of each run")
	which := flag.String("groups", "", "groups to compare, separated by commas; empty means all: "+strings.Join(names(), ", "))
	only := flag.String("only", "", "compare only contestants with one of these comma-separated words in their name, with the group's reference")
	kafka := flag.String("kafka", os.Getenv("EVHUB_KAFKA"), "host:port of a Kafka with a single broker; empty starts one")
	rabbitmq := flag.String("amqp", os.Getenv("EVHUB_AMQP"), "URL of a RabbitMQ; empty starts one")
	flag.Parse()
	o.Only = list(*only)
	s := newServers(ctx, *kafka, *rabbitmq)
	s.dir, s.backlogs.Dir = *dir, *dir
	defer func() { err = errors.Join(err, s.close()) }()
	chosen, err := choose(groups(s), list(*which))
	if err != nil {
		return err
	}
	for _, g := range chosen {
		table, err := harness.Run(ctx, g, o)
		if err != nil {
			return err
		}
		table.Markdown(os.Stdout)
	}
	return nil
}

func list(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
}

func names() (all []string) {
	for _, g := range groups(&servers{}) {
		all = append(all, g.Name)
	}
	return all
}

// choose returns the groups with these names, or all if there are none.
func choose(all []harness.Group, wanted []string) ([]harness.Group, error) {
	if len(wanted) == 0 {
		return all, nil
	}
	var chosen []harness.Group
	for _, name := range wanted {
		i := slices.IndexFunc(all, func(g harness.Group) bool { return g.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no group %q; there are %s", name, strings.Join(names(), ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}
