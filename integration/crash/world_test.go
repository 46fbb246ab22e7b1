//go:build linux

package crash

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/evhub/evhub/integration/oracle"
)

// world is one journal with what is around it: who puts, and the stations it delivers to.
type world struct {
	spoilt bool // files were damaged, so that dead letters may be unreadable
	t      *testing.T
	oracle *oracle.Oracle
	rng    *rand.Rand // of the test's own goroutine

	stations []*station
	server   *httptest.Server
	dir      string // of the journal
	acct     string // the file
	flags    []string
	via      []string // a command to run evhub with, such as the tracer
	env      []string // further variables

	minted, acked atomic.Int64
	lives         []*life
}

// batch and window of every destination: at most their product is in the air.
const (
	batch  = 10
	window = 2
)

// newWorld makes one with these stations; the journal does not exist yet.
func newWorld(t *testing.T, rng *rand.Rand, moods map[string]mood) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{
		t: t, oracle: oracle.New(strings.NewReplacer("/", "-", "#", "-").Replace(t.Name())), rng: rng,
		dir: filepath.Join(dir, "journal"), acct: filepath.Join(dir, "acct.yaml"),
		flags: []string{"--journal-segment", "64KiB"},
	}
	mux := http.NewServeMux()
	for _, name := range []string{"steady", "moody", "picky", "rare"} {
		if m := moods[name]; m != nil {
			s := newStation(name, w.oracle, m, random(rng.Uint64(), 0))
			if name == "rare" {
				s.pattern = "key3"
			}
			w.stations = append(w.stations, s)
			mux.Handle("/"+name, s)
		}
	}
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)
	w.configure()
	return w
}

// threeStations are one that takes all, one in trouble and one that refuses some events for good.
func threeStations() map[string]mood {
	return map[string]mood{"steady": steady, "moody": moody, "picky": picky}
}

// configure writes the acct file.
func (w *world) configure() {
	w.t.Helper()
	text := "http:\n"
	for _, s := range w.stations {
		text += fmt.Sprintf("- %q:\n    url: \"%s/%s\"\n    name: %[3]s\n    format: raw\n"+
			"    delivery: {batch: %d, window: %d, timeout: %v, retry: {min: 1ms, max: 50ms}%s}\n",
			s.pattern, w.server.URL, s.name, batch, window, stationTimeout, s.delivery)
	}
	if err := os.WriteFile(w.acct, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// station returns one by its name.
func (w *world) station(name string) *station {
	for _, s := range w.stations {
		if s.name == name {
			return s
		}
	}
	w.t.Fatalf("no station %s", name)
	return nil
}

// calm lets every station but the picky one take everything.
func (w *world) calm() {
	for _, s := range w.stations {
		if s.name != "picky" {
			s.become(steady)
		}
	}
}

// behind is how many of the accepted events the slowest station of those that take all still has to get.
func (w *world) behind() int64 {
	least := w.acked.Load()
	for _, s := range w.stations {
		if s.pattern == "*" {
			least = min(least, int64(s.witness.Distinct()+s.refusals()))
		}
	}
	return w.acked.Load() - least
}

// progress says how many events each station has had.
func (w *world) progress() string {
	text := fmt.Sprintf("of %d accepted events", w.acked.Load())
	for _, s := range w.stations {
		text += fmt.Sprintf(", %s has %d and refused %d", s.name, s.witness.Distinct(), s.refusals())
	}
	return text
}
