package nats_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/evhub/evhub/providers"
	evnats "github.com/evhub/evhub/providers/nats"
)

func TestStreamStoresTheEvent(t *testing.T) {
	srv := start(t, nil)
	st := stream(t, observer(t, srv), jetstream.StreamConfig{})
	s := connect(t, environment(), func(c *evnats.Config) {
		to(srv)(c)
		c.Stream = "EVENTS"
	})
	m := numbered("a")[0]
	m.ID = "id\r\nX-Evil: 1"
	m.Attrs = []providers.Attr{
		{Name: "id", Value: m.ID}, {Name: "type", Value: "a b"}, {Name: "datacontenttype", Value: "application/json"},
	}
	if err := deliver(t, s, m)[0]; err != nil {
		t.Fatal(err)
	}
	got := stored(t, st)
	want := nats.Header{
		"Nats-Msg-Id":          {"id%0D%0AX-Evil:%201"},
		"Nats-Expected-Stream": {"EVENTS"},
		"Content-Type":         {"application/json"},
		"ce-id":                {"id%0D%0AX-Evil:%201"},
		"ce-type":              {"a%20b"},
		"ce-datacontenttype":   {"application/json"},
	}
	if len(got) != 1 || got[0].Subject != "idem-status" || string(got[0].Data) != "a" {
		t.Fatalf("stored %+v", got)
	}
	if diff := cmp.Diff(want, got[0].Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

func TestFlightsAreStoredInOrder(t *testing.T) {
	srv := start(t, nil)
	st := stream(t, observer(t, srv), jetstream.StreamConfig{})
	s := connect(t, environment(), to(srv))
	var flights []providers.Flight
	const names = "abcdefghijklmnopqrstuvwxyz"
	for i := 0; i < len(names); i += 2 {
		flights = append(flights, s.Send(t.Context(), numbered(names[i:i+2])))
	}
	for _, f := range flights {
		if got := classes(wait(t, f, 2)); got != "[delivered delivered]" {
			t.Fatal(got)
		}
	}
	if got := strings.Join(bodies(stored(t, st)), ""); got != names {
		t.Errorf("stored %s", got)
	}
}

func TestMissingStreamIsRetryable(t *testing.T) {
	srv := start(t, nil)
	js := observer(t, srv)
	dial := open(t, environment(), to(srv))
	s, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	errs := deliver(t, s, numbered("ab")...)
	if got := classes(errs); got != "[unsent unsent]" || !strings.Contains(errs[0].Error(), "create one") {
		t.Errorf("without a stream: %v", errs)
	}
	if got := classes(deliver(t, s, numbered("c")...)); got != "[unsent]" {
		t.Errorf("after the failure: %s", got)
	}
	closeSession(t, s)

	st := stream(t, js, jetstream.StreamConfig{})
	s = connect(t, environment(), to(srv))
	if got := classes(deliver(t, s, numbered("ab")...)); got != "[delivered delivered]" {
		t.Errorf("with a stream: %s", got)
	}
	if diff := cmp.Diff([]string{"a", "b"}, bodies(stored(t, st))); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func TestNamedStreamMustExistAndTakeTheEvent(t *testing.T) {
	srv := start(t, nil)
	js := observer(t, srv)
	stream(t, js, jetstream.StreamConfig{Name: "OTHER"})
	dial := open(t, environment(), func(c *evnats.Config) {
		to(srv)(c)
		c.Stream = "EVENTS"
	})
	if s, err := dial(t.Context()); err == nil || providers.IsPermanent(err) || !strings.Contains(err.Error(), "EVENTS") {
		t.Errorf("Dial without the stream: %v", err)
		if err == nil {
			closeSession(t, s)
		}
	}
	st := stream(t, js, jetstream.StreamConfig{Subjects: []string{"elsewhere"}})
	s, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer closeSession(t, s)
	if got := classes(deliver(t, s, numbered("a")...)); got != "[unknown]" {
		t.Errorf("a subject of another stream: %s", got)
	}
	if got := stored(t, st); len(got) != 0 {
		t.Errorf("stored %v", bodies(got))
	}
}

func TestFullStreamIsRetryable(t *testing.T) {
	srv := start(t, nil)
	st := stream(t, observer(t, srv), jetstream.StreamConfig{MaxMsgs: 2, Discard: jetstream.DiscardNew})
	dial := open(t, environment(), to(srv))
	s, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := classes(deliver(t, s, numbered("abcd")...)); got != "[delivered delivered unknown unknown]" {
		t.Errorf("outcomes %s", got)
	}
	closeSession(t, s)
	if err := st.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	s = connect(t, environment(), to(srv))
	if got := classes(deliver(t, s, numbered("cd")...)); got != "[delivered delivered]" {
		t.Errorf("after the purge: %s", got)
	}
}

func TestTooLargeIsPermanentAndAlone(t *testing.T) {
	for name, set := range map[string]struct {
		server func(*server.Options)
		stream jetstream.StreamConfig
	}{
		"max_payload":  {func(o *server.Options) { o.MaxPayload = 2000 }, jetstream.StreamConfig{}},
		"max_msg_size": {nil, jetstream.StreamConfig{MaxMsgSize: 2000}},
	} {
		t.Run(name, func(t *testing.T) {
			srv := start(t, set.server)
			st := stream(t, observer(t, srv), set.stream)
			s := connect(t, environment(), to(srv))
			ms := numbered("abc")
			ms[1].Body = make([]byte, 3000)
			errs := deliver(t, s, ms...)
			if got := classes(errs); got != "[delivered permanent delivered]" {
				t.Errorf("outcomes %s: %v", got, errs)
			}
			if diff := cmp.Diff([]string{"a", "c"}, bodies(stored(t, st))); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStreamDropsDuplicates has two destinations that send one event to one stream: it keeps one copy, and says so.
func TestStreamDropsDuplicates(t *testing.T) {
	srv := start(t, nil)
	st := stream(t, observer(t, srv), jetstream.StreamConfig{})
	var log bytes.Buffer
	env := environment()
	env.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s := connect(t, env, to(srv))
	again := numbered("a")
	again[0].Attempt = 2
	for _, ms := range [][]providers.Message{numbered("a"), again} {
		if got := classes(deliver(t, s, ms...)); got != "[delivered]" {
			t.Fatal(got)
		}
	}
	if log.Len() > 0 {
		t.Errorf("a second attempt that was one too many is worth no warning: %s", &log)
	}
	deliver(t, s, numbered("aa")...)
	if n := strings.Count(log.String(), "keeps one copy"); n != 1 {
		t.Errorf("%d warnings, want 1: %s", n, &log)
	}
	if got := bodies(stored(t, st)); len(got) != 1 {
		t.Errorf("stored %v", got)
	}
}

func TestSubjectsOfOneStreamEachGetTheEvent(t *testing.T) {
	srv := start(t, nil)
	st := stream(t, observer(t, srv), jetstream.StreamConfig{Subjects: []string{"a", "b", "idem-status"}})
	event := numbered("x")[0]
	for _, subject := range []string{"a", "b", "", "a"} {
		s := connect(t, environment(), func(c *evnats.Config) {
			to(srv)(c)
			c.Subject = subject
		})
		if err := deliver(t, s, event)[0]; err != nil {
			t.Fatal(err)
		}
	}
	var subjects []string
	for _, m := range stored(t, st) {
		subjects = append(subjects, m.Subject)
	}
	if diff := cmp.Diff([]string{"a", "b", "idem-status"}, subjects); diff != "" {
		t.Errorf("stored under subjects (-want +got):\n%s", diff)
	}
}
