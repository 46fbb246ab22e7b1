package memory_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// entry stands in for an entry of the acct file.
type entry func(*memory.Config)

func (e entry) Decode(into any) error {
	if e != nil {
		e(into.(*memory.Config))
	}
	return nil
}

func dial(t *testing.T, p providers.Provider, set func(*memory.Config)) providers.Session {
	t.Helper()
	conns, err := p.Configure(entry(set))
	if err != nil {
		t.Fatal(err)
	}
	open, err := conns[0].Open(providers.Env{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func send(t *testing.T, s providers.Session, profile string, bodies ...string) {
	t.Helper()
	var ms []providers.Message
	for _, b := range bodies {
		ms = append(ms, providers.Message{Profile: profile, Body: []byte(b)})
	}
	if err := s.Send(t.Context(), ms).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func bodies(ms []providers.Message) []string {
	var all []string
	for _, m := range ms {
		all = append(all, string(m.Body))
	}
	return all
}

func TestQueuesByRoutingKey(t *testing.T) {
	m := memory.New()
	byProfile, fixed := dial(t, m.Provider(), nil), dial(t, m.Provider(), func(c *memory.Config) { c.RoutingKey = "all" })
	send(t, byProfile, "a", "1", "2")
	send(t, byProfile, "b", "3")
	send(t, fixed, "a", "4")
	for key, want := range map[string][]string{"a": {"1", "2"}, "b": {"3"}, "all": {"4"}, "none": nil} {
		if diff := cmp.Diff(want, bodies(m.Queue(key).Snapshot())); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
		if got := m.Queue(key).Len(); got != len(want) {
			t.Errorf("%s: Len %d", key, got)
		}
	}
	if diff := cmp.Diff([]string{"a", "all", "b"}, m.RoutingKeys()); diff != "" {
		t.Error(diff)
	}
}

func TestOverwritesTheOldest(t *testing.T) {
	m := memory.New()
	s := dial(t, m.Provider(), func(c *memory.Config) { c.Keep = 3 })
	q := m.Queue("p")
	send(t, s, "p", "1", "2", "3", "4", "5")
	if got, err := q.Get(t.Context()); err != nil || string(got.Body) != "3" {
		t.Errorf("got %s, %v", got.Body, err)
	}
	send(t, s, "p", "6", "7")
	if diff := cmp.Diff([]string{"5", "6", "7"}, bodies(q.Snapshot())); diff != "" {
		t.Error(diff)
	}
	if q.Overwritten() != 3 || m.Overwritten() != 3 {
		t.Errorf("overwritten: %d, %d; want 3", q.Overwritten(), m.Overwritten())
	}
}

func TestKeepBytes(t *testing.T) {
	m := memory.New()
	s := dial(t, m.Provider(), func(c *memory.Config) { c.KeepBytes = 10 })
	send(t, s, "p", "1234", "5678", "abc")
	if diff := cmp.Diff([]string{"5678", "abc"}, bodies(m.Queue("p").Snapshot())); diff != "" {
		t.Error(diff)
	}
	send(t, s, "p", "larger than keep_bytes")
	if diff := cmp.Diff([]string{"larger than keep_bytes"}, bodies(m.Queue("p").Snapshot())); diff != "" {
		t.Error(diff)
	}
}

func TestKeepsOrderWhileItGrows(t *testing.T) {
	m := memory.New()
	s := dial(t, m.Provider(), nil)
	q := m.Queue("p")
	next := 0
	for i := range 300 {
		send(t, s, "p", fmt.Sprint(i))
		if i%3 == 0 {
			got, err := q.Get(t.Context())
			if want := fmt.Sprint(next); err != nil || string(got.Body) != want {
				t.Fatalf("got %s, %v; want %s", got.Body, err, want)
			}
			next++
		}
	}
	if q.Len() != 200 || q.Overwritten() != 0 {
		t.Errorf("len %d, overwritten %d", q.Len(), q.Overwritten())
	}
}

func TestCopies(t *testing.T) {
	m := memory.New()
	ms := []providers.Message{{Profile: "p", Body: []byte("body"), Attrs: []providers.Attr{{Name: "id", Value: "1"}}}}
	if err := dial(t, m.Provider(), nil).Send(t.Context(), ms).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	ms[0].Body[0], ms[0].Attrs[0].Value = 'X', "X"
	got, err := m.Queue("p").Get(t.Context())
	if err != nil || string(got.Body) != "body" || got.Attrs[0].Value != "1" {
		t.Errorf("got %s, %v, %v", got.Body, got.Attrs, err)
	}
}

func TestGetWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := memory.New()
		s := dial(t, m.Provider(), nil)
		got := make(chan string)
		for range 2 {
			go func() {
				msg, err := m.Queue("p").Get(t.Context())
				got <- fmt.Sprint(string(msg.Body), err)
			}()
		}
		synctest.Wait()
		send(t, s, "other", "x")
		synctest.Wait()
		send(t, s, "p", "1")
		first := <-got
		send(t, s, "p", "2")
		if second := <-got; first != "1<nil>" || second != "2<nil>" {
			t.Errorf("got %s, %s", first, second)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := m.Queue("p").Get(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestQueuesAreBounded(t *testing.T) {
	m := memory.New()
	s := dial(t, m.Provider(), nil)
	for i := range memory.MaxQueues {
		send(t, s, fmt.Sprint("profile-", i), "x")
	}
	send(t, s, "profile-0", "y") // now profile-1 was stored in the longest ago
	send(t, s, "new", "z")
	keys := strings.Join(m.RoutingKeys(), " ") + " "
	if len(m.RoutingKeys()) != memory.MaxQueues || strings.Contains(keys, "profile-1 ") || !strings.Contains(keys, "profile-0 ") {
		t.Errorf("%d queues", len(m.RoutingKeys()))
	}
	if m.Overwritten() != 1 {
		t.Errorf("overwritten %d; want 1", m.Overwritten())
	}
}

func TestClosedSessionTakesNothing(t *testing.T) {
	m := memory.New()
	s := dial(t, m.Provider(), nil)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := s.Send(t.Context(), []providers.Message{{Profile: "p"}}).Wait(t.Context())
	if !providers.IsUnsent(err) || m.Queue("p").Len() != 0 {
		t.Errorf("got %v, %d stored", err, m.Queue("p").Len())
	}
}

func TestConcurrentUse(t *testing.T) {
	m := memory.New()
	var all sync.WaitGroup
	for range 4 {
		s := dial(t, m.Provider(), nil)
		all.Go(func() {
			for range 100 {
				send(t, s, "p", "x")
			}
		})
		all.Go(func() {
			for range 100 {
				if _, err := m.Queue("p").Get(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if m.Queue("p").Len() != 0 {
		t.Errorf("%d left", m.Queue("p").Len())
	}
}

func TestRefusesConfigurations(t *testing.T) {
	for key, set := range map[string]func(*memory.Config){
		"keep":       func(c *memory.Config) { c.Keep = 0 },
		"keep_bytes": func(c *memory.Config) { c.KeepBytes = 0 },
	} {
		conns, err := memory.Provider().Configure(entry(set))
		if err != nil {
			t.Fatal(err)
		}
		_, err = conns[0].Open(providers.Env{})
		var wrong *providers.ConfigError
		if !errors.As(err, &wrong) || wrong.Key != key {
			t.Errorf("%s: %v", key, err)
		}
	}
}
