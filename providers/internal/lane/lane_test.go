package lane_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/internal/lane"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errFull = errors.New("no room")
	errSync = errors.New("sync failed")
)

// sink takes single letters and writes them as one byte each.
type sink struct {
	room    int           // bytes that still fit; negative: any number
	hold    chan struct{} // if not nil, each write waits for an element
	syncErr error
	badTick int // the number of the tick that fails

	written      bytes.Buffer
	syncs, ticks int
	closed       int
}

func (s *sink) Encode(dst []byte, m *providers.Message) ([]byte, error) {
	if string(m.Body) == "!" {
		return append(dst, "junk"...), errors.New("unwritable")
	}
	return append(dst, m.Body...), nil
}

func (s *sink) Write(data []byte) (int, error) {
	if s.hold != nil {
		<-s.hold
	}
	if s.room >= 0 && len(data) > s.room {
		s.written.Write(data[:s.room])
		return s.room, errFull
	}
	s.written.Write(data)
	return len(data), nil
}

func (s *sink) Sync() error  { s.syncs++; return s.syncErr }
func (s *sink) Close() error { s.closed++; return nil }

func (s *sink) Tick() error {
	if s.ticks++; s.ticks == s.badTick {
		return errSync
	}
	return nil
}

func letters(text string) []providers.Message {
	var ms []providers.Message
	for _, r := range text {
		ms = append(ms, providers.Message{Body: []byte(string(r))})
	}
	return ms
}

// outcome says in one letter per message what became of it: d delivered, p permanent, u unsent, ? unknown.
func outcome(err error, n int) string {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	if batch, ok := errors.AsType[*providers.BatchError](err); ok {
		errs = batch.Errs
	}
	var out []byte
	for _, err := range errs {
		switch {
		case err == nil:
			out = append(out, 'd')
		case providers.IsPermanent(err):
			out = append(out, 'p')
		case providers.IsUnsent(err):
			out = append(out, 'u')
		default:
			out = append(out, '?')
		}
	}
	return string(out)
}

func TestOutcomes(t *testing.T) {
	for name, c := range map[string]struct {
		sink    sink
		flights []string
		want    []string
		written string
	}{
		"delivered":            {sink{room: -1}, []string{"abc", "de"}, []string{"ddd", "dd"}, "abcde"},
		"refused":              {sink{room: -1}, []string{"a!c"}, []string{"dpd"}, "ac"},
		"all refused":          {sink{room: -1}, []string{"!!"}, []string{"pp"}, ""},
		"cut short":            {sink{room: 2}, []string{"ab!cd", "e"}, []string{"ddp?u", "u"}, "ab"},
		"nothing fits":         {sink{}, []string{"ab"}, []string{"?u"}, ""},
		"sync fails":           {sink{room: -1, syncErr: errSync}, []string{"a!", "b"}, []string{"?p", "u"}, "a"},
		"cut, then sync fails": {sink{room: 1, syncErr: errSync}, []string{"abc"}, []string{"??u"}, "a"},
		"empty flight":         {sink{room: -1}, []string{"", "a"}, []string{"", "d"}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			s := lane.New(&c.sink, 0)
			var got []string
			for _, f := range c.flights {
				err := s.Send(t.Context(), letters(f)).Wait(t.Context())
				got = append(got, outcome(err, len(f)))
			}
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if c.sink.written.String() != c.written || c.sink.closed != 1 {
				t.Errorf("wrote %q, closed %d times", c.sink.written.String(), c.sink.closed)
			}
		})
	}
}

func TestFlightsThatWaitShareASync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &sink{room: -1, hold: make(chan struct{})}
		s := lane.New(sink, 0)
		var flights []providers.Flight
		for i := range 4 {
			flights = append(flights, s.Send(t.Context(), letters(fmt.Sprint(i))))
			synctest.Wait()
		}
		close(sink.hold)
		for _, f := range flights {
			if err := f.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if sink.syncs != 2 {
			t.Errorf("%d syncs; want one for the first flight and one for the three that waited", sink.syncs)
		}
		s.Close(t.Context())
	})
}

func TestCloseEndsWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &sink{room: -1, hold: make(chan struct{})}
		s := lane.New(sink, 0)
		hanging := s.Send(t.Context(), letters("a"))
		synctest.Wait()
		queued := s.Send(t.Context(), letters("b"))
		got := make(chan string, 2)
		go func() {
			got <- outcome(hanging.Wait(t.Context()), 1)
			got <- outcome(queued.Wait(t.Context()), 1)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v", err)
		}
		if a, b := <-got, <-got; a != "?" || b == "d" {
			t.Errorf("outcomes %s, %s; want unknown, and not delivered", a, b)
		}
		close(sink.hold)
		if err := s.Close(t.Context()); err != nil {
			t.Errorf("second Close: %v", err)
		}
		if got := sink.written.String(); got != "a" {
			t.Errorf("wrote %q after Close; want the hanging write alone", got)
		}
	})
}

func TestAbandonedWaitFailsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &sink{room: -1, hold: make(chan struct{})}
		s := lane.New(sink, 0)
		first := s.Send(t.Context(), letters("a"))
		synctest.Wait()
		second := s.Send(t.Context(), letters("b"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got := outcome(first.Wait(ctx), 1); got != "?" {
			t.Errorf("abandoned: %s", got)
		}
		close(sink.hold)
		if got := outcome(second.Wait(t.Context()), 1); got != "u" {
			t.Errorf("behind it: %s", got)
		}
		if got := outcome(s.Send(t.Context(), letters("c")).Wait(t.Context()), 1); got != "u" {
			t.Errorf("later: %s", got)
		}
		s.Close(t.Context())
		if got := sink.written.String(); got != "a" {
			t.Errorf("wrote %q; want nothing behind the unknown outcome", got)
		}
	})
}

func TestSendWaitsForRoomOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &sink{room: -1, hold: make(chan struct{})}
		s := lane.New(sink, 0)
		for range 5 { // one in the write, four behind it
			s.Send(t.Context(), letters("a"))
			synctest.Wait()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got := outcome(s.Send(ctx, letters("b")).Wait(t.Context()), 1); got != "u" {
			t.Errorf("no room: %s", got)
		}
		close(sink.hold)
		s.Close(t.Context())
	})
}

func TestTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &sink{room: -1, badTick: 3}
		s := lane.New(sink, time.Second)
		<-time.After(2500 * time.Millisecond)
		if got := outcome(s.Send(t.Context(), letters("a")).Wait(t.Context()), 1); got != "d" {
			t.Errorf("after two ticks: %s", got)
		}
		<-time.After(time.Second)
		err := s.Send(t.Context(), letters("b")).Wait(t.Context())
		if !errors.Is(err, errSync) || !providers.IsUnsent(err) {
			t.Errorf("after a failed tick: %v", err)
		}
		s.Close(t.Context())
	})
}
