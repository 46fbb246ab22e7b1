package hub_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// TestRandomLives plays random lives of a journal, each from a seed: hubs that are opened on it one after the other, put
// to in every way, reloaded, with disks and brokers that fail, and that end by Close, kill or power cut; and then asks
// the oracle. EVHUB_PROOF plays for minutes; EVHUB_SEED plays that one life.
func TestRandomLives(t *testing.T) {
	if isSecondPass() {
		t.Skip("these have a journal anyway")
	}
	first, until := uint64(time.Now().UnixNano()), time.Now().Add(3*time.Second)
	if os.Getenv("EVHUB_PROOF") != "" {
		until = time.Now().Add(150 * time.Second)
	}
	if text := os.Getenv("EVHUB_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("EVHUB_SEED: %v", err)
		}
		first, until = seed, time.Now()
	}
	var all figures
	for seed := first; seed == first || time.Now().Before(until) && !t.Failed(); seed++ {
		l := newLife(t, seed)
		hang := time.AfterFunc(15*time.Second, func() {
			stacks := make([]byte, 1<<20)
			panic(fmt.Sprintf("EVHUB_SEED=%d: this life does not end\n%s", seed, stacks[:runtime.Stack(stacks, true)]))
		})
		l.play()
		hang.Stop()
		all.add(l.figures)
		if t.Failed() {
			t.Errorf("EVHUB_SEED=%d go test -race ./hub -run TestRandomLives repeats the life, if not every race in it", seed)
		}
	}
	if os.Getenv("EVHUB_PROOF") != "" && !t.Failed() {
		fmt.Printf("proof: hub on a journal: %v; EVHUB_SEED=%d is the first\n", &all, first)
	}
	if os.Getenv("EVHUB_PROOF") != "" && (all.duplicates == 0 || all.dropped == 0 || all.dead == 0 || all.uncertain == 0 || all.cuts == 0) {
		t.Errorf("something was never seen: %v", &all)
	}
}

type figures struct {
	lives, hubs, puts, accepted, refused, uncertain int
	delivered, duplicates, dead, dropped            int
	reloads, kills, cuts                            int
}

func (f *figures) add(g figures) {
	f.lives++
	f.hubs += g.hubs
	f.puts += g.puts
	f.accepted += g.accepted
	f.refused += g.refused
	f.uncertain += g.uncertain
	f.delivered += g.delivered
	f.duplicates += g.duplicates
	f.dead += g.dead
	f.dropped += g.dropped
	f.reloads += g.reloads
	f.kills += g.kills
	f.cuts += g.cuts
}

func (f *figures) String() string {
	return fmt.Sprintf("%d lives of %d hubs, %d puts, %d accepted, %d refused, %d uncertain, 0 accepted lost, 0 refused delivered; "+
		"%d deliveries, %d of them duplicates, %d dead letters, %d dropped by policy; %d reloads, %d kills, %d power cuts",
		f.lives, f.hubs, f.puts, f.accepted, f.refused, f.uncertain, f.delivered, f.duplicates, f.dead, f.dropped,
		f.reloads, f.kills, f.cuts)
}

// life is one journal and those who use it. In a calm one nothing leaves an outcome unknown, so nothing comes twice.
type life struct {
	figures
	t      *testing.T
	seed   uint64
	random *rand.Rand // of who plays; the others have their own
	calm   bool
	disk   *crashfs.FS
	slow   *slowDisk // of the hub at present
	bs     brokers
	oracle *oracle
	kept   map[string]int // what the last Close said, if that is exact
	exact  bool
}

func newLife(t *testing.T, seed uint64) *life {
	l := &life{t: t, seed: seed, disk: crashfs.New(seed), bs: brokers{}, oracle: newOracle()}
	l.random = l.chance(0)
	l.calm = l.random.IntN(3) == 0
	for _, d := range identities {
		order := providers.Full
		if d.name == "none" {
			order = providers.None
		}
		l.bs[d.name] = acked(order)
	}
	return l
}

func (l *life) chance(who uint64) *rand.Rand { return rand.New(rand.NewPCG(l.seed, who)) }

func (l *life) play() {
	for range 2 + l.random.IntN(4) {
		l.live()
		if l.exact && l.random.IntN(2) == 0 {
			l.compareKept()
		}
	}
	l.finish()
}

// open opens a hub in the last layout of the oracle.
func (l *life) open() *hub.Hub {
	l.t.Helper()
	l.hubs++
	l.slow = &slowDisk{FS: l.disk}
	h, err := hub.Open(l.t.Context(), parse(l.t, l.oracle.newest()),
		hub.WithProviders(providertest.FakeProvider("fake", l.bs)), hub.WithLogger(slog.New(slog.DiscardHandler)),
		hub.WithHooks(l.oracle.hooks()), hub.WithJournalOn(l.slow, small))
	if err != nil {
		l.t.Fatalf("Open: %v", err)
	}
	l.oracle.inForce()
	return h
}

// live opens a hub, uses it in all ways at once, and ends it.
func (l *life) live() {
	l.oracle.begin(randomLayout(l.random, l.calm))
	h := l.open()
	puts, stopPuts := context.WithCancel(l.t.Context())
	rest, stopRest := context.WithCancel(l.t.Context())
	var putting, busy sync.WaitGroup
	for n := range uint64(4) {
		p := &putter{life: l, hub: h, name: fmt.Sprintf("%d.%d", l.hubs, n), random: l.chance(uint64(l.hubs)<<8 + n)}
		putting.Go(func() { p.run(puts) })
	}
	for n, do := range []func(context.Context, *hub.Hub, *rand.Rand){l.reloads, l.replays, l.breakBrokers, l.watch, l.syncs} {
		busy.Go(func() { do(rest, h, l.chance(uint64(l.hubs)<<8+100+uint64(n))) })
	}
	disk, slow, chance := l.disk, l.slow, l.chance(uint64(l.hubs)<<8+200)
	busy.Go(func() { breakDisk(rest, disk, slow, chance) })
	<-time.After(time.Duration(50+l.random.IntN(200)) * time.Millisecond)
	if l.calm || l.random.IntN(2) == 0 { // from here on nothing breaks
		stopRest()
		busy.Wait()
		l.heal()
	}
	if l.random.IntN(2) == 0 {
		stopPuts()
		putting.Wait()
	}
	l.end(h, rest.Err() != nil && puts.Err() != nil)
	stopPuts()
	stopRest()
	putting.Wait()
	busy.Wait()
	l.heal()
	l.oracle.forgetUnsynced() // what was put while the hub ended
}

func (l *life) heal() {
	l.disk.SetHook(nil)
	l.slow.takes.Store(0)
	for _, b := range l.bs {
		b.Script(providertest.Script{})
		b.Stall()()
		b.Block()()
	}
}

// end ends h somehow. In a calm life all that is in the air is settled first.
func (l *life) end(h *hub.Hub, quiet bool) {
	kill := l.random.IntN(3)
	switch {
	case l.calm:
		l.close(h, 10*time.Second)
	case kill == 0:
		if quiet {
			l.compareAccepted(h)
		}
		l.close(h, time.Duration(l.random.IntN(50))*time.Millisecond)
	}
	switch kill {
	case 1:
		l.kills++
		l.disk = l.disk.Kill()
	case 2:
		l.cuts++
		l.disk = l.disk.Crash()
	}
	if !l.calm && kill != 0 { // what the process still has in memory
		l.close(h, 0)
		l.exact = false
	}
}

func (l *life) compareAccepted(h *hub.Hub) {
	if err := h.Sync(within(l.t, time.Minute)); err != nil {
		l.t.Errorf("Sync: %v", err)
	}
	l.oracle.compareAccepted(l.t, h.Stats().Accepted)
}

// close closes h and has the oracle know whether what PutNowait took is on disk.
func (l *life) close(h *hub.Hub, patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.t.Context()), patience)
	defer cancel()
	err := h.Close(ctx)
	l.kept, l.exact = nil, err == nil
	if remaining, ok := errors.AsType[*hub.RemainingError](err); ok {
		l.kept, l.exact = remaining.Kept, len(remaining.Lost) == 0 && !strings.Contains(err.Error(), "closing the journal")
	}
	if l.exact {
		l.oracle.syncedAll()
	}
	l.oracle.forgetUnsynced()
}

// mostInTheAir is the largest product of batch and window in a layout.
const mostInTheAir = 50 * 4

// compareKept opens the journal with no destination in the file, so that nothing is delivered, and looks whether all
// that Close said to have kept is there, and no more but what had arrived behind something that had not.
func (l *life) compareKept() {
	l.t.Helper()
	l.oracle.begin(layout{yaml: "{}"})
	h := l.open()
	for _, d := range h.Stats().Destinations {
		if want, said := l.kept[d.Name]; said && (d.BacklogEvents < want || d.BacklogEvents > want+mostInTheAir) {
			l.t.Errorf("Close said to have kept %d for %s, there are %d", want, d.Name, d.BacklogEvents)
		}
		delete(l.kept, d.Name)
	}
	for name, n := range l.kept {
		l.t.Errorf("Close said to have kept %d for %s, there are none", n, name)
	}
	if err := h.Close(within(l.t, time.Minute)); err != nil {
		l.t.Errorf("Close: %v", err)
	}
}

// finish has everything delivered, and asks the oracle.
func (l *life) finish() {
	l.oracle.begin(finalLayout())
	h := l.open()
	if err := h.Flush(within(l.t, time.Minute)); err != nil {
		l.t.Errorf("Flush: %v: %+v", err, h.Stats())
	}
	for _, d := range h.Stats().Destinations {
		if d.BacklogEvents != 0 || d.BacklogBytes != 0 || d.InFlight != 0 || !d.Oldest.IsZero() || d.Lost != 0 {
			l.t.Errorf("at the end: %+v", d)
		}
	}
	for letter, err := range h.DeadLetters(hub.DeadFilter{}) {
		if err != nil {
			l.t.Fatal(err)
		}
		l.oracle.letters[at{letter.Destination, letter.Event.ID}] = true
	}
	if err := h.Close(within(l.t, time.Minute)); err != nil {
		l.t.Errorf("Close: %v", err)
	}
	l.oracle.judge(l)
	for address, b := range l.bs {
		for _, what := range b.Misuse() {
			l.t.Errorf("broker %s: misused: %s", address, what)
		}
	}
}
