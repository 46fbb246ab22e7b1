//go:build unix

package exec_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/providers"
)

// answer is a script that answers each line with a text.
func answer(text string) configure {
	return shell(`while read -r line; do printf '%s\n' '` + text + `'; done`)
}

func TestWhatAnAnswerMeans(t *testing.T) {
	for text, want := range map[string]struct {
		says      string // "": delivered
		permanent bool
		after     time.Duration
	}{
		`{"seq": 1}`:                                                       {},
		` {"ok":true,"seq":1} `:                                            {},
		`{"seq": 1, "ok": false}`:                                          {says: "no reason given"},
		`{"seq": 1, "error": ""}`:                                          {says: "the program failed: "},
		`{"seq": 1, "error": "busy"}`:                                      {says: "the program failed: busy"},
		`{"seq": 1, "ok": false, "error": "busy"}`:                         {says: "the program failed: busy"},
		`{"seq": 1, "error": "a\nb"}`:                                      {says: "a%0Ab"},
		`{"seq": 1, "error": "x", "permanent": true}`:                      {says: "the program failed: x", permanent: true},
		`{"seq": 1, "ok": false, "permanent": true}`:                       {says: "no reason given", permanent: true},
		`{"seq": 1, "error": "x", "retry_after": "2s"}`:                    {says: "the program failed: x", after: 2 * time.Second},
		`{"seq": 1, "error": "x", "retry_after": 2}`:                       {says: "no answer such as"},
		`{"seq": 1, "error": "x", "retry_after": "2"}`:                     {says: `want a time such as`},
		`{"seq": 1, "error": "x", "retry_after": "-2s"}`:                   {says: `want a time such as`},
		`{"seq": 1, "ok": true, "error": "x"}`:                             {says: `both "ok": true and "error"`},
		`{"seq": 1, "permanent": true}`:                                    {says: `no "error"`},
		`{"seq": 1, "retry_after": "1s"}`:                                  {says: `no "error"`},
		`{"seq": 1, "error": "x", "permanent": true, "retry_after": "1s"}`: {says: `both "permanent" and "retry_after"`},
		`{"seq": 1, "permament": true, "error": "x"}`:                      {says: "permament"},
		`{"seq": 2}`:                  {says: "seq 2, which it has not got"},
		`{"seq": "1"}`:                {says: "no answer such as"},
		`{"seq": -1}`:                 {says: "no answer such as"},
		`{"seq": 1} {"seq":1}`:        {says: "something follows"},
		`{"seq": 1}} {"error": "no"}`: {says: "something follows"},
		`{"seq": 1}]`:                 {says: "something follows"},
		`{}`:                          {says: `needs the "seq"`},
		`{"ready": true}`:             {says: "comes once"},
		`{"ready": true, "seq": 1}`:   {says: "comes once"},
		`{"error": "x"}`:              {says: `needs the "seq"`},
		`delivered it`:                {says: `printed "delivered it", which is no answer`},
		``:                            {says: "no answer such as"},
	} {
		t.Run(text, func(t *testing.T) {
			s, _ := dial(t, answer(text))
			err := send(t, s, numbered(1)...)
			if (err == nil) != (want.says == "") || err != nil && !strings.Contains(err.Error(), want.says) {
				t.Errorf("got %v, want ... %s ...", err, want.says)
			}
			if providers.IsPermanent(err) != want.permanent || providers.RetryDelay(err) != want.after || providers.IsUnsent(err) {
				t.Errorf("%v: permanent %v, after %v, unsent %v", err, providers.IsPermanent(err), providers.RetryDelay(err), providers.IsUnsent(err))
			}
			err = send(t, s, providers.Message{Seq: 9})
			if settled := want.says == "" || want.permanent; !settled && !providers.IsUnsent(err) {
				t.Errorf("the session goes on after that: %v", err)
			}
		})
	}
}

func TestLongTextIsShortened(t *testing.T) {
	long := strings.Repeat("x", 30_000)
	for text, most := range map[string]int{
		`{"seq": 1, "error": "` + long + `"}`: 1200,
		long:                                  500,
		strings.Repeat(long, 3):               500,
	} {
		s, _ := dial(t, answer(text))
		err := send(t, s, numbered(1)...)
		if err == nil || len(err.Error()) > most {
			t.Errorf("%d bytes became an error of %d", len(text), len(err.Error()))
		}
	}
}

// lines has the program keep what it gets.
func lines(t *testing.T, ms ...providers.Message) (got []map[string]any) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "got")
	s, _ := dial(t, shell(`while read -r line; do echo "$line" >> `+file+`; echo '{"seq": 1}'; done`))
	for i := range ms {
		ms[i].Seq = 1
		if err := send(t, s, ms[i]); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got = append(got, v)
	}
	return got
}

func TestWhatTheProgramGets(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	got := lines(t, providers.Message{
		ID: "i", Profile: "p", RunName: "r", Key: "k", Time: when, Attempt: 2, ContentType: "application/json", Body: []byte(`{"b": 1, "a": "<é>"}`),
	})
	want := map[string]any{
		"seq": 1.0, "id": "i", "profile": "p", "run_name": "r", "key": "k", "time": "2026-01-02T03:04:05.000006Z", "attempt": 2.0,
		"content_type": "application/json", "body": map[string]any{"b": 1.0, "a": "<é>"},
	}
	if diff := cmp.Diff([]map[string]any{want}, got); diff != "" {
		t.Error(diff)
	}
}

func TestBodiesOfAnyKind(t *testing.T) {
	var ms []providers.Message
	var want []any
	for _, c := range []struct {
		contentType, body string
		want              any
	}{
		{"application/json", "null", nil},
		{"application/json", "[1,\n 2]", []any{1.0, 2.0}},
		{"application/cloudevents+json; charset=utf-8", `"x"`, "x"},
		{"application/json", "{", "base64:ew=="},
		{"application/json", "\"\xff\"", "base64:Iv8i"},
		{"application/json", "", "base64:"},
		{"application/octet-stream", "1", "base64:MQ=="},
		{"", "1", "base64:MQ=="},
	} {
		ms = append(ms, providers.Message{ContentType: c.contentType, Body: []byte(c.body)})
		want = append(want, c.want)
	}
	var got []any
	for _, line := range lines(t, ms...) {
		body, isJSON := line["body"]
		if encoded, isBase64 := line["body_base64"]; isBase64 == isJSON {
			t.Errorf("%v has both bodies, or none", line)
		} else if isBase64 {
			body = "base64:" + encoded.(string)
		}
		got = append(got, body)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What cannot be a line is refused, alone, and is not in the way of others.
func TestAnEventThatIsNoLine(t *testing.T) {
	s, _ := dial(t, answer(`{"seq": 2}`))
	ms := numbered(2)
	ms[0].Time = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	if batch := batchOf(t, send(t, s, ms...)); !providers.IsPermanent(batch.Errs[0]) || batch.Errs[1] != nil {
		t.Errorf("outcomes %v", batch.Errs)
	}
}

// With a window answers may come in any order; without one there is never more than one event with the program.
func TestWindow(t *testing.T) {
	three := func(window int) configure {
		return func(c *execConfig) {
			shell(`read -r a; read -r b; read -r c; echo '{"seq": 3}'; echo '{"seq": 1, "error": "no", "permanent": true}'; echo '{"seq": 2}'; read -r d`)(c)
			c.Window = window
		}
	}
	s, _ := dial(t, three(3))
	err := send(t, s, numbered(3)...)
	batch := batchOf(t, err)
	if !providers.IsPermanent(batch.Errs[0]) || batch.Errs[1] != nil || batch.Errs[2] != nil {
		t.Errorf("outcomes %v", batch.Errs)
	}
	s, _ = dial(t, three(2))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := s.Send(ctx, numbered(3)).Wait(ctx); err == nil || !strings.Contains(err.Error(), "in time") {
		t.Errorf("the third event was written before any answer: %v", err)
	}
}

// One that fails an event has with a window others, too: it is killed before it gets on with them.
func TestFailureWithAWindow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "got")
	s, _ := dial(t, func(c *execConfig) {
		shell(`read -r a; read -r b; read -r c; echo '{"seq": 2, "error": "busy"}'; sleep 5; echo "$c" > ` + file + `; echo '{"seq": 3}'`)(c)
		c.Window, c.Grace = 3, time.Minute
	})
	begin := time.Now()
	batch := batchOf(t, send(t, s, append(numbered(3), providers.Message{Seq: 4})...))
	var got []string
	for _, err := range batch.Errs {
		switch {
		case err == nil:
			t.Error("delivered, without an answer")
		case providers.IsUnsent(err):
			got = append(got, "unsent")
		default:
			got = append(got, "unknown")
		}
	}
	if want := []string{"unknown", "unknown", "unknown", "unsent"}; !slices.Equal(got, want) {
		t.Errorf("outcomes %q, want %q: %v", got, want, batch.Errs)
	}
	if _, err := os.Stat(file); err == nil || time.Since(begin) > 4*time.Second {
		t.Error("the program went on")
	}
}
