package hub_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// identity is a destination that a layout may have.
type identity struct {
	name, pattern, onFull string
	discarded             bool // its dead letters are, now and then
}

var identities = []identity{
	{name: "block", pattern: "*", onFull: "block"},
	{name: "oldest", pattern: "p*", onFull: "drop_oldest"},
	{name: "newest", pattern: "*", onFull: "drop_newest", discarded: true},
	{name: "gives-up", pattern: "p*", onFull: "block"},
	{name: "none", pattern: "*", onFull: "block"},
}

// layout is an acct file and the destinations in it.
type layout struct {
	yaml string
	has  []identity
}

func (l layout) matches(profile string) (names []string) {
	for _, d := range l.has {
		if d.pattern == "*" || strings.HasPrefix(profile, strings.TrimSuffix(d.pattern, "*")) {
			names = append(names, "fake:"+d.name)
		}
	}
	return names
}

// randomLayout has some of the destinations, most of them, with options by chance.
func randomLayout(random *rand.Rand, calm bool) layout {
	var l layout
	var entries []string
	for _, d := range identities {
		if random.IntN(5) == 0 {
			continue
		}
		delivery := fmt.Sprintf("on_full: %s, backlog: %d, memory: %d, batch: %d, window: %d, timeout: %v, retry: {min: 1ms, max: 20ms%s}, dead_letters: %d",
			d.onFull, 20_000<<random.IntN(6), []int{0, 0, 1000, 10_000, 1 << 20}[random.IntN(5)], 1+random.IntN(50), 1+random.IntN(4),
			patience(calm), giveUp(d, random), deadLetters(calm, random))
		entries = append(entries, fmt.Sprintf("{%q: {name: %s, address: %s, format: %s, delivery: {%s}}}", d.pattern, d.name, d.name,
			[]string{"idem", "raw"}[random.IntN(2)], delivery))
		l.has = append(l.has, d)
	}
	random.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	l.yaml = "fake: [" + strings.Join(entries, ", ") + "]"
	return l
}

// patience is long where no timeout may come by itself.
func patience(calm bool) time.Duration {
	if calm {
		return time.Minute
	}
	return 50 * time.Millisecond
}

// deadLetters is little now and then, where a destination that halts holds up nothing.
func deadLetters(calm bool, random *rand.Rand) int {
	if calm {
		return 1 << 30
	}
	return 5000 << random.IntN(6)
}

func giveUp(d identity, random *rand.Rand) string {
	if d.name == "gives-up" && random.IntN(2) == 0 {
		return ", give_up: 30ms"
	}
	return ""
}

// finalLayout has all destinations, and room for all.
func finalLayout() layout {
	var entries []string
	for _, d := range identities {
		entries = append(entries, fmt.Sprintf("{%q: {name: %s, address: %s, delivery: {retry: {min: 1ms, max: 20ms}}}}", d.pattern, d.name, d.name))
	}
	return layout{yaml: "fake: [" + strings.Join(entries, ", ") + "]", has: identities}
}

// each calls do at random times until ctx ends.
func each(ctx context.Context, random *rand.Rand, most time.Duration, do func()) {
	for {
		select {
		case <-time.After(rand.N(most) + time.Duration(random.IntN(1000))):
			do()
		case <-ctx.Done():
			return
		}
	}
}

func (l *life) reloads(ctx context.Context, h *hub.Hub, random *rand.Rand) {
	each(ctx, random, 30*time.Millisecond, func() {
		if random.IntN(3) == 0 {
			l.reloadInvalid(h, random)
			return
		}
		l.oracle.begin(randomLayout(random, l.calm))
		f, err := acct.Parse("acct.yaml", []byte(l.oracle.newest()))
		if err == nil {
			err = h.Reload(context.WithoutCancel(ctx), f)
		}
		switch {
		case err == nil:
			l.oracle.inForce()
			l.oracle.reloaded()
		case errors.Is(err, hub.ErrClosed), errors.Is(err, syscall.EIO), errors.Is(err, syscall.ENOSPC), errors.Is(err, crashfs.ErrDead):
			l.oracle.failed()
		default:
			l.oracle.failed()
			l.t.Errorf("Reload: %v", err)
		}
	})
}

// reloadInvalid tries files that cannot be; nothing may change.
func (l *life) reloadInvalid(h *hub.Hub, random *rand.Rand) {
	before := h.Stats()
	f, err := acct.Parse("acct.yaml", []byte([]string{
		`fake: [{p: {address: block}}, {p: {address: nowhere}}]`, `fake: {p: {address: block, delivery: {batch: 0}}}`,
		`{match_plugin: none, fake: {p: {address: block}}}`, `fake: {p: {address: block, format: none}}`,
	}[random.IntN(4)]))
	if err == nil {
		err = h.Reload(context.Background(), f)
	}
	if err == nil {
		l.t.Error("Reload took an invalid file")
	}
	names := func(s hub.Stats) (all []string) {
		for _, d := range s.Destinations {
			if !d.Removed {
				all = append(all, d.Name)
			}
		}
		return all
	}
	if after := h.Stats(); !slices.Equal(names(before), names(after)) {
		l.t.Errorf("an invalid file made %v of %v", names(after), names(before))
	}
}

func (l *life) replays(ctx context.Context, h *hub.Hub, random *rand.Rand) {
	each(ctx, random, 40*time.Millisecond, func() {
		bounded, cancel := context.WithTimeout(ctx, time.Duration(random.IntN(30))*time.Millisecond)
		defer cancel()
		if random.IntN(2) == 0 {
			_, _ = h.Replay(bounded, hub.DeadFilter{})
			return
		}
		_, _ = h.Discard(hub.DeadFilter{Destination: "fake:newest"})
	})
}

// breakDisk has the disk be full, fail, or be slow for a while.
func breakDisk(ctx context.Context, disk *crashfs.FS, slow *slowDisk, random *rand.Rand) {
	each(ctx, random, 40*time.Millisecond, func() {
		slow.takes.Store(int64(random.IntN(3)) * random.Int64N(int64(5*time.Millisecond)))
		cause := []error{syscall.ENOSPC, syscall.EIO}[random.IntN(2)]
		often := 1 + random.IntN(10)
		reads := random.IntN(3) == 0
		fault := rand.New(rand.NewPCG(random.Uint64(), 1))
		disk.SetHook(func(op crashfs.Op) crashfs.Fault {
			writes := op.Kind == crashfs.WriteAt || op.Kind == crashfs.Sync || op.Kind == crashfs.Create || op.Kind == crashfs.Preallocate
			if (writes && !reads || op.Kind == crashfs.ReadAt && reads) && fault.IntN(often) == 0 {
				return crashfs.Fault{Err: cause}
			}
			return crashfs.Fault{}
		})
		select {
		case <-time.After(time.Duration(random.IntN(20)) * time.Millisecond):
		case <-ctx.Done():
		}
		disk.SetHook(nil)
		slow.takes.Store(0)
	})
}

// bad reports whether brokers refuse an event, when they refuse any.
func bad(id string) bool {
	h := fnv.New32()
	_, _ = h.Write([]byte(id))
	return h.Sum32()%20 == 0
}

func refuseBad(m providers.Message) providertest.Outcome {
	if bad(m.ID) {
		return providertest.Refuse()
	}
	return providertest.Outcome{}
}

func (l *life) breakBrokers(ctx context.Context, _ *hub.Hub, random *rand.Rand) {
	each(ctx, random, 15*time.Millisecond, func() {
		b := l.bs[identities[random.IntN(len(identities))].name]
		b.Script(providertest.Script{})
		moods := []func(){
			func() { b.Script(providertest.Script{OnMessage: refuseBad}) },
			func() { b.Script(providertest.Script{OnWait: slow(time.Duration(random.IntN(5)) * time.Millisecond)}) },
			func() { time.AfterFunc(time.Duration(random.IntN(50))*time.Millisecond, b.Block()) },
			func() { b.Script(dead(errDown)) },
			func() {},
		}
		if !l.calm {
			moods = append(moods, b.Cut, func() { b.Script(dead(errDown)); b.Cut() },
				func() { time.AfterFunc(time.Duration(random.IntN(100))*time.Millisecond, b.Stall()) },
				func() { b.Script(providertest.Script{OnMessage: flaky}) })
		}
		moods[random.IntN(len(moods))]()
	})
}

func flaky(providers.Message) providertest.Outcome {
	switch rand.IntN(40) {
	case 0:
		return providertest.Fail()
	case 1:
		return providertest.LoseAnswer()
	case 2:
		return providertest.LoseMessage()
	}
	return providertest.Outcome{}
}

// watch looks at what a hub says of itself.
func (l *life) watch(ctx context.Context, h *hub.Hub, random *rand.Rand) {
	each(ctx, random, 5*time.Millisecond, func() {
		s := h.Stats()
		for _, d := range s.Destinations {
			if d.BacklogEvents < 0 || d.BacklogBytes < 0 || d.InFlight < 0 || d.InFlight > d.BacklogEvents+10_000 || d.DeadLetters < 0 || d.Lost != 0 {
				l.t.Errorf("%+v", d)
			}
		}
		if s.Journal.Waiting < 0 {
			l.t.Errorf("%+v", s.Journal)
		}
		if random.IntN(4) == 0 {
			for range h.DeadLetters(hub.DeadFilter{}) {
			}
		}
		if random.IntN(4) == 0 {
			bounded, cancel := context.WithTimeout(ctx, time.Millisecond)
			defer cancel()
			_ = h.Flush(bounded)
		}
	})
}

func (l *life) syncs(ctx context.Context, h *hub.Hub, random *rand.Rand) {
	each(ctx, random, 20*time.Millisecond, func() {
		before := l.oracle.unsynced()
		if h.Sync(ctx) == nil {
			l.oracle.synced(before, " by Sync")
		}
	})
}
