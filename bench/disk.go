package main

import (
	"context"
	"errors"
	"os"

	"github.com/evhub/evhub/bench/backlogs"
	"github.com/evhub/evhub/bench/engine"
	"github.com/evhub/evhub/bench/harness"
	"github.com/evhub/evhub/bench/hubs"
	"github.com/evhub/evhub/bench/logs"
)

// prepare makes what a run needs.
type prepare = func(context.Context, *harness.Task) (harness.Finish, error)

// both prepares what each of two does.
func both(one, other prepare) prepare {
	return func(ctx context.Context, t *harness.Task) (harness.Finish, error) {
		finishOne, err := one(ctx, t)
		if err != nil {
			return nil, err
		}
		finishOther, err := other(ctx, t)
		if err != nil {
			return nil, errors.Join(err, finishOne(ctx, 0))
		}
		return func(ctx context.Context, n int) error { return errors.Join(finishOne(ctx, n), finishOther(ctx, n)) }, nil
	}
}

// scratch gives each run an empty folder in dir, and removes it after the run.
func scratch(dir string) prepare {
	return func(_ context.Context, t *harness.Task) (harness.Finish, error) {
		made, err := os.MkdirTemp(dir, "evhub-bench-")
		t.Dir = made
		return func(context.Context, int) error { return os.RemoveAll(made) }, err
	}
}

// fullLog is how many bodies of 600 B are 4 GiB.
const fullLog = 4 << 30 / 600

// diskGroups compare what depends on the disk.
func diskGroups(dir string, waiting *backlogs.Backlogs) []harness.Group {
	return []harness.Group{
		journalGroup(dir, "journal100", "The journal alone, groups of 100", 100, 300_000),
		journalGroup(dir, "journal1000", "The journal alone, groups of 1000", 1000, 1_000_000),
		storesGroup(dir, "stores100", "What a Go program would take instead, groups of 100", 100, 100_000),
		storesGroup(dir, "stores1000", "What a Go program would take instead, groups of 1000", 1000, 300_000),
		putGroup(dir, "put-journal", "PutAll with and without a journal"),
		{
			Name: "put-latency", Title: "A lone Put", Kind: harness.Latency,
			Events: 1000, WarmUp: 200, Full: 5000,
			Prepare: scratch(dir),
			Contestants: []harness.Contestant{
				logs.In("append", 1, logs.Growing),
				logs.In("fallocate", 1, logs.Allocated),
				logs.In("zero-fill", 1, logs.Zeroed),
				logs.In("journal alone", 1, logs.Evhub),
				engine.Journal("evhub Put", hubs.Put(1)),
			},
		},
		catchUpGroup("catchup", "Delivering what waits, to a destination that discards", scratch(dir), backlogs.Discard),
		catchUpGroup("catchup-file", "Delivering what waits, to a file", scratch(dir), backlogs.File),
		{
			Name: "startup", Title: "Opening a hub after a kill", Kind: harness.StartUp,
			Events:  1,
			Prepare: waiting.Prepare(map[string]int64{"empty": 0, "64 MiB": 64 << 20, "1 GiB": 1 << 30, "20 GiB": 20 << 30}),
			Contestants: []harness.Contestant{
				backlogs.StartUp("empty"),
				backlogs.StartUp("64 MiB"),
				fullOnly(backlogs.StartUp("1 GiB")),
				fullOnly(backlogs.StartUp("20 GiB")),
			},
		},
	}
}

func fullOnly(c harness.Contestant) harness.Contestant {
	c.FullOnly = true
	return c
}

// journalGroup compares the journal with the best of the files that are written by hand.
func journalGroup(dir, name, title string, size, events int) harness.Group {
	evhub := logs.In("evhub journal", size, logs.Evhub)
	evhub.Against = []string{"append", "fallocate", "zero-fill"}
	return harness.Group{
		Name: name, Title: title, Events: events, WarmUp: 10 * size, Full: fullLog,
		Prepare: scratch(dir),
		Contestants: []harness.Contestant{
			logs.In("append", size, logs.Growing),
			logs.In("fallocate", size, logs.Allocated),
			logs.In("zero-fill", size, logs.Zeroed),
			evhub,
		},
	}
}

// storesGroup compares the journal with other stores.
func storesGroup(dir, name, title string, size, events int) harness.Group {
	always := logs.In("embedded JetStream, sync always", size, logs.JetStreamSyncAlways)
	always.Fewer = 20
	return harness.Group{
		Name: name, Title: title, Events: events, WarmUp: 10 * size, Full: 5 * events,
		Prepare: scratch(dir),
		Contestants: []harness.Contestant{
			logs.In("evhub journal", size, logs.Evhub),
			logs.In("raft-wal", size, logs.RaftWAL),
			logs.In("tidwall/wal", size, logs.Tidwall),
			logs.In("bbolt", size, logs.Bbolt),
			always,
			logs.In("embedded JetStream, default (acknowledges before it syncs)", size, logs.JetStreamDefault),
		},
	}
}

// putGroup compares PutAll with a journal with the same without.
func putGroup(dir, name, title string) harness.Group {
	g := harness.Group{Name: name, Title: title, Events: 1_000_000, WarmUp: 50_000, Full: 3_000_000, Prepare: scratch(dir)}
	for _, way := range []struct {
		name string
		way  hubs.Way
	}{
		{"PutAll 100, 1 caller", hubs.PutAll(100)},
		{"PutAll 100, 16 callers", hubs.PutAllFrom(16, 100)},
		{"PutAll 1000, 1 caller", hubs.PutAll(1000)},
		{"PutAll 1000, 4 callers", hubs.PutAllFrom(4, 1000)},
		{"PutAll 1000, 16 callers", hubs.PutAllFrom(16, 1000)},
	} {
		without := engine.Put(way.name, way.way, "raw", hubs.Opaque, 1)
		without.Against = []string{way.name}
		with := engine.Journal(way.name+", journal", way.way)
		with.Against = without.Against
		g.Contestants = append(g.Contestants, without, with)
	}
	return g
}

// catchUpGroup compares delivering from disk with delivering from memory.
func catchUpGroup(name, title string, prepare prepare, to func() backlogs.Destination) harness.Group {
	return harness.Group{
		Name: name, Title: title, Events: 500_000, Full: 2_000_000, Prepare: prepare,
		Contestants: []harness.Contestant{
			backlogs.FromMemory("from memory", to),
			backlogs.FromDisk("from disk, in the page cache", to, false),
			backlogs.FromDisk("from disk, cold", to, true),
		},
	}
}
