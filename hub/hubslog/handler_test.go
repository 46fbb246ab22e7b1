package hubslog_test

import (
	"bytes"
	"errors"
	"log/slog"
	"maps"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub/hubslog"
)

// toA has a destination for log events, or the hub would log that there is none.
const toA = "fake: {idem-logger: {address: a}}"

func TestSlogsOwnTest(t *testing.T) {
	var r *rig
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		r = open(t, toA, hubslog.Options{})
		return r.handler
	}, func(t *testing.T) map[string]any {
		e := r.close()[0]
		record := map[string]any{slog.MessageKey: e.body, slog.LevelKey: e.tags["level"]}
		if stamp := e.tags["timestamp"]; stamp != "" {
			record[slog.TimeKey] = stamp
		}
		if attrs, ok := e.tags["attrs"].(map[string]any); ok {
			maps.Copy(record, attrs)
		}
		return record
	})
}

func TestAsDocumented(t *testing.T) {
	r := open(t, toA, hubslog.Options{})
	r.log.Warn("no key", "file", "acct.yaml", slog.Group("n", "one", 1))
	r.log.Info("plain \xff")
	all := r.close()
	e := all[0]
	want := map[string]any{
		"module": "github.com/evhub/evhub/hub/hubslog_test", "level": "WARNING", "timestamp": e.tags["timestamp"],
		"ref":   "github.com/evhub/evhub/hub/hubslog_test.TestAsDocumented",
		"attrs": map[string]any{"file": "acct.yaml", "n": map[string]any{"one": 1.0}},
	}
	if diff := cmp.Diff(want, e.tags); diff != "" || e.profile != "idem-logger" || e.body != "no key" {
		t.Errorf("%+v\n%s", e, diff)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05,000", e.tags["timestamp"].(string), time.Local)
	if err != nil || time.Since(at) > time.Minute || time.Since(at) < 0 {
		t.Errorf("timestamp %v: %v", e.tags["timestamp"], err)
	}
	if e := all[1]; e.body != "plain \ufffd" || len(e.tags) != 4 {
		t.Errorf("without attributes: %+v", e)
	}
}

func TestTheEventHasTheTimeOfTheRecord(t *testing.T) {
	r := open(t, toA, hubslog.Options{})
	at := time.Date(2026, 1, 31, 23, 59, 59, 500e6, time.UTC)
	if err := r.handler.Handle(t.Context(), slog.NewRecord(at, slog.LevelError, "x", 0)); err != nil {
		t.Fatal(err)
	}
	if e := r.close()[0]; !e.time.Equal(at) || e.tags["timestamp"] != "2026-01-31 23:59:59,500" || e.tags["module"] != "" {
		t.Errorf("%+v", e)
	}
}

func TestAsSent(t *testing.T) {
	line := regexp.MustCompile(`^\{"message": "\d\d:\d\d:\d\d,\d{3} \[[^]]{17,}\]\[WARNING \] [^"]*", "module": "\w+", "level": "WARNING", "timestamp": "\d\d:\d\d:\d\d"\}$`)
	fixture, err := os.ReadFile("testdata/logger.json")
	if err != nil || !line.Match(fixture) {
		t.Fatalf("what Idem sends is not of this form: %s, %v", fixture, err)
	}
	r := open(t, "fake: {logger: {address: a, format: raw}}", hubslog.Options{AsSent: true})
	r.log.Warn("no key")
	r.log.Warn("no key", "file", "x")
	all := r.close()
	stored := r.brokers["a"].Stored()
	if len(stored) != 2 || !line.Match(stored[0].Body) {
		t.Fatalf("sent: %v", stored)
	}
	if !strings.Contains(string(stored[0].Body), `[github.com.evhub.evhub.hub.hubslog_test][WARNING ] no key", "module": "hubslog_test"`) {
		t.Errorf("sent: %s", stored[0].Body)
	}
	if all[0].profile != "logger" || len(all[0].tags) != 0 || !strings.Contains(string(stored[1].Body), `no key {\"file\": \"x\"}"`) {
		t.Errorf("sent: %+v, %s", all[0], stored[1].Body)
	}
}

func TestLevels(t *testing.T) {
	var next bytes.Buffer
	var level slog.LevelVar
	level.Set(math.MinInt)
	r := open(t, "fake: {mine: {address: a}}", hubslog.Options{Level: &level, Profile: "mine", Next: slog.NewTextHandler(&next, &slog.HandlerOptions{Level: slog.LevelError})})
	for _, l := range []slog.Level{-5, -4, -1, 0, 3, 4, 8, 11, 12, 99} {
		r.log.Log(t.Context(), l, "x")
	}
	level.Set(slog.LevelWarn)
	if r.log.Enabled(t.Context(), slog.LevelInfo) || !r.log.Enabled(t.Context(), slog.LevelWarn) {
		t.Error("Enabled is wrong")
	}
	level.Set(100)
	if !r.log.Enabled(t.Context(), slog.LevelError) {
		t.Error("what the next handler wants is not enabled")
	}
	r.log.Error("for the next alone")
	var got []any
	for _, e := range r.close() {
		if got = append(got, e.tags["level"]); e.profile != "mine" {
			t.Errorf("profile %s", e.profile)
		}
	}
	want := []any{"TRACE", "DEBUG", "DEBUG", "INFO", "INFO", "WARNING", "ERROR", "ERROR", "CRITICAL", "CRITICAL"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := strings.Count(next.String(), "\n"); n != 5 {
		t.Errorf("the next handler got %d lines: %s", n, next.String())
	}
}

type broken struct{}

func (broken) MarshalJSON() ([]byte, error) { panic("no") }

func TestOddValues(t *testing.T) {
	r := open(t, toA, hubslog.Options{})
	r.log.Info("x", "error", errors.New("e\x01"), "nan", math.NaN(), "inf", math.Inf(-1), "func", func() {}, "broken", broken{},
		"duration", time.Second, "bytes\xff", "a\xff", "nil", nil, "list", []int{1}, "big", uint64(math.MaxUint64), slog.Group("empty"))
	attrs := r.close()[0].text
	for _, want := range []string{
		`"error": "e\u0001"`, `"nan": "NaN"`, `"inf": "-Inf"`, `"func": "!ERROR: json: unsupported type: func()"`, `"broken": "!PANIC: no"`,
		`"duration": "1s"`, `"bytes\ufffd": "a\ufffd"`, `"nil": null`, `"list": [1]`, `"big": 18446744073709551615`,
	} {
		if !strings.Contains(attrs, want) {
			t.Errorf("%s is not in %s", want, attrs)
		}
	}
	if strings.Contains(attrs, "empty") {
		t.Errorf("an empty group in %s", attrs)
	}
}

func TestValuesThatChangeLater(t *testing.T) {
	r := opened(t, toA, hubslog.Options{})
	list := []int{1}
	log := r.log.With("given", list)
	log.Info("x", "list", list)
	list[0] = 2
	r.handler.Attach(r.Hub)
	if e := r.close()[0]; !strings.Contains(e.text, `"given": [1], "list": [1]`) {
		t.Error(e.text)
	}
}

func TestDerivedHandlersShareNothingElse(t *testing.T) {
	var next bytes.Buffer
	r := open(t, toA, hubslog.Options{Next: slog.NewTextHandler(&next, nil)})
	parent := r.log.With("a", 1)
	one, two := parent.With("b", 2), parent.WithGroup("g").With("c", 3)
	one.Info("one")
	two.Info("two", "d", 4)
	parent.Info("parent")
	var got []any
	for _, e := range r.close() {
		got = append(got, e.tags["attrs"])
	}
	want := []any{
		map[string]any{"a": 1.0, "b": 2.0},
		map[string]any{"a": 1.0, "g": map[string]any{"c": 3.0, "d": 4.0}},
		map[string]any{"a": 1.0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{"msg=one a=1 b=2\n", "msg=two a=1 g.c=3 g.d=4\n", "msg=parent a=1\n"} {
		if !strings.Contains(next.String(), want) {
			t.Errorf("%q is not in %s", want, next.String())
		}
	}
}

// However much room there is behind the attributes of a logger, two that are derived from it do not share it.
func TestSiblingsDoNotOverwriteEachOther(t *testing.T) {
	r := open(t, toA, hubslog.Options{})
	parent := r.log
	for range 20 {
		parent = parent.With("a", 1)
		one := parent.With("mine", true)
		_ = parent.With("mine", nil)
		one.Info("x")
	}
	for i, e := range r.close() {
		if e.tags["attrs"].(map[string]any)["mine"] != true {
			t.Errorf("%d: %s", i, e.text)
		}
	}
}
