package providertest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/providers"
)

func dialFake(t *testing.T, f *Fake) providers.Session {
	t.Helper()
	s, err := f.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func TestFakeStoresCopiesWithAttempt(t *testing.T) {
	f := NewFake(fullCaps)
	s := dialFake(t, f)
	m := Message("a", 1, 0)
	if err := s.Send(t.Context(), []providers.Message{m}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := m
	again.Seq, again.Attempt = 2, 2
	if err := s.Send(t.Context(), []providers.Message{again}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []providers.Message{Message("a", 1, 0), again}
	want[1].Body = append([]byte{}, again.Body...)
	m.Body[0], m.Attrs[0].Name = '#', "#"
	want[1].Attrs = want[0].Attrs
	if diff := cmp.Diff(want, f.Stored()); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(FakeStats{Dials: 1, Sends: 2, Messages: 2, Stored: 2, Duplicates: 1}, f.Stats()); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
}

func TestFakeOutcomes(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name   string
		order  providers.Order
		second Outcome  // of the second of three messages
		stored []string // afterwards
		errs   []error  // what errors.Is finds in the outcome of each
	}{
		{"refused", providers.Full, Refuse(), []string{"a-1", "a-3"}, []error{nil, errRefused, nil}},
		{"full stops", providers.Full, Fail(), []string{"a-1"}, []error{nil, errFailed, errStopped}},
		{"suffix goes on", providers.Suffix, Fail(), []string{"a-1", "a-3"}, []error{nil, errFailed, nil}},
		{"none in reverse", providers.None, Fail(), []string{"a-3", "a-1"}, []error{nil, errFailed, nil}},
		{"answer lost", providers.Suffix, LoseAnswer(), []string{"a-1", "a-2"}, []error{nil, errLost, errLost}},
		{"message lost", providers.Suffix, LoseMessage(), []string{"a-1"}, []error{nil, errLost, errLost}},
		{"own error", providers.Full, Outcome{Err: boom}, []string{"a-1"}, []error{nil, boom, errStopped}},
		{"stored all the same", providers.Suffix, Outcome{Err: boom, Stored: true}, []string{"a-1", "a-2", "a-3"}, []error{nil, boom, nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFake(providers.Caps{Acked: true, Order: tt.order})
			f.Script(Script{OnMessage: func(m providers.Message) Outcome {
				if m.ID == "a-2" {
					return tt.second
				}
				return Outcome{}
			}})
			err := dialFake(t, f).Send(t.Context(), stream("a", 3)).Wait(t.Context())
			for i, err := range outcomes(err, 3) {
				if !errors.Is(err, tt.errs[i]) {
					t.Errorf("the outcome of message %d is %v, want %v", i+1, err, tt.errs[i])
				}
			}
			if diff := cmp.Diff(tt.stored, f.IDs()); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}

// Answers may come in another order than the messages.
func TestFakeHoldsAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFake(fullCaps)
		gate := make(chan struct{})
		f.Once("a-1", Hold(gate))
		s := dialFake(t, f)
		ms := stream("a", 2)
		first, second := s.Send(t.Context(), ms[:1]), s.Send(t.Context(), ms[1:])
		got := make(chan error, 1)
		go func() { got <- first.Wait(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-got:
			t.Fatalf("Wait returned %v before the answer came", err)
		default:
		}
		close(gate)
		if err := errors.Join(<-got, second.Wait(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

func TestFakeDies(t *testing.T) {
	boom := errors.New("boom")
	t.Run("in dial", func(t *testing.T) {
		f := NewFake(fullCaps)
		f.Script(Script{OnDial: func(_ context.Context, n int) error {
			if n == 1 {
				return boom
			}
			return nil
		}})
		if _, err := f.Dial(t.Context()); !errors.Is(err, boom) {
			t.Errorf("the first Dial: %v", err)
		}
		dialFake(t, f)
	})
	t.Run("in send", func(t *testing.T) {
		f := NewFake(fullCaps)
		f.Script(Script{OnSend: func(context.Context, []providers.Message) error { return providers.Unsent(boom) }})
		s := dialFake(t, f)
		if err := s.Send(t.Context(), stream("a", 1)).Wait(t.Context()); !errors.Is(err, boom) || f.Stats().Stored != 0 {
			t.Errorf("Wait: %v, stored: %d", err, f.Stats().Stored)
		}
	})
	t.Run("in wait", func(t *testing.T) {
		f := NewFake(fullCaps)
		f.Script(Script{OnWait: func(context.Context, []providers.Message) error { return boom }})
		s := dialFake(t, f)
		if err := s.Send(t.Context(), stream("a", 1)).Wait(t.Context()); !errors.Is(err, boom) || f.Stats().Stored != 1 {
			t.Errorf("Wait: %v, stored: %d", err, f.Stats().Stored)
		}
	})
	t.Run("in close", func(t *testing.T) {
		f := NewFake(fullCaps)
		f.Script(Script{OnClose: Hang})
		s := dialFake(t, f)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v", err)
		}
	})
}

// A hook that hangs ends when the session is closed.
func TestFakeCloseEndsHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFake(fullCaps)
		f.Script(Script{OnSend: func(ctx context.Context, _ []providers.Message) error { return Hang(ctx) }})
		s := dialFake(t, f)
		got := make(chan error, 1)
		go func() { got <- s.Send(t.Context(), stream("a", 1)).Wait(t.Context()) }()
		synctest.Wait()
		_ = s.Close(t.Context())
		if err := <-got; err == nil {
			t.Error("a Send that hung when Close came succeeded")
		}
	})
}

func TestFakeNotesMisuse(t *testing.T) {
	f := NewFake(providers.Caps{Acked: true, Order: providers.Full, BatchMessages: 2, Window: 1})
	s := dialFake(t, f)
	ms := stream("a", 5)
	first := s.Send(t.Context(), ms[:1])
	second := s.Send(t.Context(), ms[1:4])
	_ = second.Wait(t.Context())
	_ = first.Wait(t.Context())
	_ = s.Send(t.Context(), ms[:1]).Wait(t.Context())
	_ = dialFake(t, f)
	want := []string{
		"2 flights in the air, the window is 1",
		"a flight of 3 messages, the most is 2",
		"Wait for flight 2 after 0 flights",
		"Wait for flight 1 after 1 flights",
		"message a-1 with Seq 1 after Seq 4",
		"Dial while 1 earlier sessions are not closed",
	}
	if diff := cmp.Diff(want, f.Misuse()); diff != "" {
		t.Errorf("misuse (-want +got):\n%s", diff)
	}
}

func TestFakeAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFake(fullCaps)
		s := dialFake(t, f)
		got := make(chan error, 1)
		go func() { got <- f.Await(t.Context(), 3) }()
		for i := range 3 {
			synctest.Wait()
			if len(got) > 0 {
				t.Fatalf("Await(3) returned after %d messages", i)
			}
			_ = s.Send(t.Context(), []providers.Message{Message("a", i+1, 0)}).Wait(t.Context())
		}
		if err := <-got; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := f.Await(ctx, 4); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Await of what never comes: %v", err)
		}
	})
}

// address decodes an entry that has this address.
type address string

func (a address) Decode(into any) error {
	into.(*FakeConfig).Address = string(a)
	return nil
}

func TestFakeProvider(t *testing.T) {
	f := NewFake(fullCaps)
	p := FakeProvider("fake", map[string]*Fake{"here": f})
	conns, err := p.Configure(address("here"))
	if err != nil || len(conns) != 1 || conns[0].Caps != fullCaps || conns[0].Address != "here" {
		t.Fatalf("Configure: %+v, %v", conns, err)
	}
	dial, err := conns[0].Open(providers.Env{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Send(t.Context(), stream("a", 1)).Wait(t.Context()), s.Close(t.Context())); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"a-1"}, f.IDs()); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}

	conns, _ = p.Configure(address("elsewhere"))
	var config *providers.ConfigError
	if _, err := conns[0].Open(providers.Env{}); !errors.As(err, &config) || config.Key != "address" {
		t.Errorf("Open of an unknown address: %v", err)
	}
}

func BenchmarkFake(b *testing.B) {
	f := NewDiscardingFake(fullCaps)
	s, err := f.Dial(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close(b.Context()) }()
	ms := stream("a", 500)
	b.ReportAllocs()
	for seq := uint64(0); b.Loop(); {
		for i := range ms {
			seq++
			ms[i].Seq = seq
		}
		if err := s.Send(b.Context(), ms).Wait(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
