package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
)

// letterFilter is the flags that choose dead letters.
type letterFilter struct {
	destination, profile, reason, since, until string
	all                                        bool
}

func (f *letterFilter) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.destination, "destination", "", "only those of destinations that match this glob")
	flags.StringVar(&f.profile, "profile", "", "only those of events whose profile matches this glob")
	flags.StringVar(&f.reason, "reason", "", "only those with this text in their reason")
	flags.StringVar(&f.since, "since", "", "only those written since this `time`, as in RFC 3339 or as a time ago: 24h")
	flags.StringVar(&f.until, "until", "", "only those written until this `time`")
	_ = cmd.RegisterFlagCompletionFunc("destination", completeDestinations) // fails only for a flag that does not exist
}

// addAll adds --all, for commands that change something.
func (f *letterFilter) addAll(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.all, "all", false, "all dead letters; needed if nothing else chooses some")
}

// choose is parse for commands that change something: all are meant only if that is said.
func (f *letterFilter) choose(ids []string) (hub.DeadFilter, error) {
	chosen := len(ids) > 0 || f.destination+f.profile+f.reason+f.since+f.until != ""
	switch {
	case f.all && chosen:
		return hub.DeadFilter{}, errors.New("--all and a choice: give one of them")
	case !f.all && !chosen:
		return hub.DeadFilter{}, errors.New("which dead letters? give their ids, or flags that choose some, or --all")
	}
	return f.parse(ids)
}

func (f *letterFilter) parse(ids []string) (hub.DeadFilter, error) {
	now := time.Now()
	since, err := parseTime("--since", f.since, now)
	if err != nil {
		return hub.DeadFilter{}, err
	}
	until, err := parseTime("--until", f.until, now)
	if err != nil {
		return hub.DeadFilter{}, err
	}
	return hub.DeadFilter{
		IDs: ids, Destination: f.destination, Profile: f.profile, Reason: f.reason, Since: since, Until: until,
	}, nil
}

// parseTime reads a moment, or a time before now.
func parseTime(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %q: want a time such as 2026-01-31T12:00:00Z, or how long ago, such as 24h", flag, text)
	}
	return at, nil
}
