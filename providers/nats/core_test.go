package nats_test

import (
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/evhub/evhub/providers"
	evnats "github.com/evhub/evhub/providers/nats"
)

func core(srv *server.Server) configure {
	return func(c *evnats.Config) {
		to(srv)(c)
		c.JetStream = false
	}
}

func TestCoreReachesSubscribers(t *testing.T) {
	srv := start(t, func(o *server.Options) { o.JetStream = false })
	js := observer(t, srv)
	sub, err := js.Conn().SubscribeSync(">")
	if err != nil {
		t.Fatal(err)
	}
	if err := js.Conn().Flush(); err != nil {
		t.Fatal(err)
	}
	s := connect(t, environment(), func(c *evnats.Config) {
		core(srv)(c)
		c.Subject = "events.idem"
	})
	if got := classes(deliver(t, s, numbered("abc")...)); got != "[delivered delivered delivered]" {
		t.Fatal(got)
	}
	for _, want := range []string{"a", "b", "c"} {
		m, err := sub.NextMsgWithContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if m.Subject != "events.idem" || string(m.Data) != want || m.Header.Get("Nats-Msg-Id") != "id-"+want {
			t.Errorf("got %s %q %v", m.Subject, m.Data, m.Header)
		}
	}
}

func TestCoreNoticesALostConnection(t *testing.T) {
	srv := start(t, nil)
	s := connect(t, environment(), core(srv))
	halt(srv)
	for _, err := range deliver(t, s, numbered("ab")...) {
		if err == nil || providers.IsPermanent(err) {
			t.Errorf("with the server down: %v", err)
		}
	}
}

// TestForbiddenSubjectIsRetryable has a user who may publish elsewhere only. The server says so without saying to
// which message.
func TestForbiddenSubjectIsRetryable(t *testing.T) {
	srv := start(t, func(o *server.Options) {
		o.Users = []*server.User{{Username: "me", Password: "pw", Permissions: &server.Permissions{
			Publish: &server.SubjectPermission{Allow: []string{"elsewhere"}},
		}}}
	})
	for _, jetStream := range []bool{false, true} {
		s := connect(t, environment(), func(c *evnats.Config) {
			to(srv)(c)
			c.JetStream, c.Username, c.Password = jetStream, "me", providers.NewSecret("pw")
		})
		err := deliver(t, s, numbered("a")...)[0]
		if class(err) != "unknown" || !strings.Contains(strings.ToLower(err.Error()), "permissions violation") {
			t.Errorf("jetstream %v: %v", jetStream, err)
		}
	}
}

func TestProfileThatIsNoSubjectIsPermanent(t *testing.T) {
	srv := start(t, func(o *server.Options) { o.JetStream = false })
	js := observer(t, srv)
	sub, err := js.Conn().SubscribeSync("ok.*")
	if err != nil {
		t.Fatal(err)
	}
	_ = js.Conn().Flush()
	s := connect(t, environment(), core(srv))
	bad := []string{
		"", ".", "a.", ".a", "a..b", "a b", "a\tb", "a\r\nPUB x 0\r\n", "a\x00b", "*", "a.*", "a.>", "a>b", "a\u00a0b",
		"$JS.API.STREAM.DELETE.EVENTS", "$SYS.x", "_INBOX.x.y", "_R_.x",
	}
	ms := numbered("y" + strings.Repeat("n", len(bad)) + "z")
	for i, profile := range bad {
		ms[1+i].Profile = profile
	}
	ms[0].Profile, ms[len(ms)-1].Profile = "ok.first", "ok.last€"
	errs := deliver(t, s, ms...)
	for i, profile := range bad {
		if got := class(errs[1+i]); got != "permanent" {
			t.Errorf("profile %q: %s", profile, got)
		}
	}
	for _, want := range []string{"ok.first", "ok.last€"} {
		var m *nats.Msg
		if m, err = sub.NextMsgWithContext(t.Context()); err != nil || m.Subject != want {
			t.Fatalf("got %v, %v, want %s", m, err, want)
		}
	}
}
