package server_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/server"
)

// large is an event for profile "p" whose backlog has room for one such.
func large(id string) string {
	return fmt.Sprintf(`{"profile": "p", "id": %q, "body": %q}`, id, strings.Repeat("x", 1<<10))
}

func TestADestinationThatIsFull(t *testing.T) {
	r := serve(t, server.Options{RoomWait: 30 * time.Millisecond})
	defer r.broker.Stall()()
	r.post(t, "/v1/events", asJSON, large("1")).want(t, http.StatusOK)
	got := r.post(t, "/v1/events", asJSON, large("2"))
	got.want(t, http.StatusServiceUnavailable, "backlog is full: destination fake:p@b")
	if got.header.Get("Retry-After") != "1" || got.ids() != "-" || strings.Contains(got.Error, "deadline") {
		t.Errorf("Retry-After %q, %s", got.header.Get("Retry-After"), got.body)
	}
	got = r.post(t, "/v1/events", asJSON, `[{"profile": "q", "body": 1, "id": "q1"}, {}, `+large("3")+`, {"profile": "q", "body": 2, "id": "q2"}]`)
	got.want(t, http.StatusServiceUnavailable)
	if got.ids() != "q1 - - -" || len(got.Errors) != 3 || got.Errors[0].Status != 400 || got.Errors[2].Status != 503 || got.Errors[2].ID != "q2" {
		t.Errorf("ids %s, errors %+v", got.ids(), got.Errors)
	}
	r.post(t, "/v1/events", asJSON, `{"profile": "q", "body": 1}`).want(t, http.StatusOK)
	if c := r.Counts(); c != (server.Counts{Accepted: 3, Refused: 4}) {
		t.Errorf("counts %+v", c)
	}
}

func TestRoomThatComesInTime(t *testing.T) {
	r := serve(t, server.Options{})
	release := r.broker.Stall()
	r.post(t, "/v1/events", asJSON, large("1")).want(t, http.StatusOK)
	arrived(t, r.broker, 1)
	answered := make(chan response)
	go func() { answered <- r.post(t, "/v1/events", asJSON, large("2")) }()
	release()
	(<-answered).want(t, http.StatusOK)
	arrived(t, r.broker, 2)
}

func TestAClosedHub(t *testing.T) {
	r := serve(t, server.Options{})
	if err := r.hub.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := r.post(t, "/v1/events", asJSON, `[{"body": 1}, {"body": 2}]`)
	got.want(t, http.StatusServiceUnavailable, "evhub is stopping")
	if len(got.Errors) != 2 {
		t.Errorf("errors %+v", got.Errors)
	}
}

// unsure is a hub whose disk did not answer in time from the third event on.
type unsure struct{ *hub.Hub }

func (u unsure) PutAll(ctx context.Context, es []hub.Event) (int, error) {
	n := min(len(es), 2)
	if _, err := u.Hub.PutAll(ctx, es[:n]); err != nil || n == len(es) {
		return 0, err
	}
	return n, fmt.Errorf("event %d: %w", n, fmt.Errorf("%w: %w", hub.ErrUncertain, context.DeadlineExceeded))
}

func TestWhatIsUncertainIsSaid(t *testing.T) {
	r := serve(t, server.Options{})
	r.Server = server.New(unsure{r.hub}, server.Options{Logger: slog.New(slog.DiscardHandler)})
	r.listen(t, false)
	got := r.post(t, "/v1/events", asLines, "{\"body\": 1, \"id\": \"1\"}\n{\"body\": 2, \"id\": \"2\"}\n{\"body\": 3, \"id\": \"3\"}\n{}\n{\"body\": 4, \"id\": \"4\"}")
	got.want(t, http.StatusInternalServerError)
	if got.ids() != "1 2 - - -" || len(got.Errors) != 3 {
		t.Fatalf("ids %s, errors %+v", got.ids(), got.Errors)
	}
	for _, i := range []int{0, 2} {
		if e := got.Errors[i]; e.Status != 500 || !strings.Contains(e.Error, "it may be accepted: send it again with the same id") || e.ID == "" {
			t.Errorf("%+v", e)
		}
	}
}

// TestAClientThatIsGone checks that what it sent is accepted all the same: it may have closed its half alone.
func TestAClientThatIsGone(t *testing.T) {
	r := serve(t, server.Options{})
	release := r.broker.Stall()
	r.post(t, "/v1/events", asJSON, large("1")).want(t, http.StatusOK)
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		request := request(t, http.MethodPost, "http://localhost/v1/events", asJSON, large("2")).WithContext(ctx)
		answer, err := r.unix.Do(request)
		if err == nil {
			_ = answer.Body.Close()
		}
		gone <- err
	}()
	waiting(t, r, 1)
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the client got %v", err)
	}
	release()
	arrived(t, r.broker, 2)
}
