package demo

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/evhub/evhub/hub"
)

// stage shows what happens, at a pace that a person can follow if one is there.
type stage struct {
	ctx     context.Context // of one demo; its end cuts pauses short
	w       io.Writer
	colours bool
	pauses  bool
}

func newStage(ctx context.Context, o Options) *stage {
	return &stage{ctx: ctx, w: o.Out, colours: o.Colours, pauses: o.Pauses}
}

const (
	beat = 90 * time.Millisecond
	long = 900 * time.Millisecond
)

func (s *stage) pause(d time.Duration) {
	if !s.pauses {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.ctx.Done():
	}
}

func (s *stage) say(format string, args ...any) { fmt.Fprintf(s.w, format+"\n", args...) }

func (s *stage) bold(text string) string  { return s.paint("1", text) }
func (s *stage) faint(text string) string { return s.paint("2", text) }
func (s *stage) red(text string) string   { return s.paint("31", text) }
func (s *stage) green(text string) string { return s.paint("32", text) }
func (s *stage) blue(text string) string  { return s.paint("36", text) }

func (s *stage) paint(code, text string) string {
	if !s.colours || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s *stage) intro(acctText string) {
	s.say("%s", s.bold("One acct file, four destinations")+s.faint("  (all in this process, nothing leaves the machine)"))
	s.say("")
	for line := range strings.Lines(acctText) {
		s.say("  %s", s.yaml(strings.TrimSuffix(line, "\n")))
	}
	s.pause(2 * long)
}

// yaml colours a line of the acct file: patterns stand out, comments do not.
func (s *stage) yaml(line string) string {
	code, comment, commented := strings.Cut(line, " #")
	for _, d := range destinations {
		for _, spelled := range []string{`"` + d.pattern + `":`, d.pattern + ":"} {
			if strings.HasPrefix(strings.TrimLeft(code, " -"), spelled) {
				code = strings.Replace(code, spelled, s.blue(spelled), 1)
			}
		}
	}
	if commented {
		code += s.faint(" #" + comment)
	}
	return code
}

// columns of the table of deliveries: profile, kind, and one for each destination.
const (
	profileColumn = 13
	kindColumn    = 17
	otherColumn   = 14
)

func (s *stage) firstAct() {
	s.say("\n%s\n", s.bold("1. A run of Idem: every event goes to each destination whose pattern matches its profile"))
	names, patterns := s.row("profile", "type"), s.row("", "pattern")
	for _, d := range destinations {
		names += s.bold(column(d.name, otherColumn))
		patterns += s.blue(column(d.pattern, otherColumn))
	}
	s.say("%s", trimmed(names))
	s.say("%s", trimmed(patterns))
}

func (s *stage) row(profile, kind string) string {
	return "  " + column(profile, profileColumn) + s.faint(column(kind, kindColumn))
}

// delivery shows which destinations have an event, as its receipt says.
func (s *stage) delivery(e hub.Event, receipt hub.Receipt) {
	tags, _ := e.Tags.(object)
	kind, _ := tags["type"].(string)
	line := s.row(e.Profile, kind)
	for _, d := range destinations {
		mark := s.faint(column("·", otherColumn))
		for _, r := range receipt.Results {
			if r.Destination == d.identity && r.State == hub.Delivered {
				mark = s.green(column("delivered", otherColumn))
			}
		}
		line += mark
	}
	s.say("%s", trimmed(line))
	s.pause(beat)
}

// shownWidth is how much of a line is shown of what may be longer.
const shownWidth = 92

func (s *stage) console(lines [][]byte) {
	s.say("\n  the console printed:")
	for _, line := range lines {
		text := strings.TrimSuffix(string(line), "\n")
		if len(text) > shownWidth {
			text = text[:shownWidth-3] + "..."
		}
		s.say("  %s", s.faint(text))
	}
	s.pause(long)
}

func (s *stage) secondAct() {
	s.say("\n%s", s.bold("2. The webhook breaks, and the events go on"))
}

// barWidth is how long the bar of a destination is that has everything.
const barWidth = 24

// snapshot shows how much of what was fired each receiver has.
func (s *stage) snapshot(title string, fired int, got map[string]int, expected map[string][]string) {
	s.say("\n  %d events fired; %s:", fired, s.bold(title))
	for _, d := range destinations {
		has, all := got[d.name], len(expected[d.name])
		full := min(has, all) * barWidth / max(all, 1)
		if has > 0 {
			full = max(full, 1)
		}
		paint := s.green
		if has < all {
			paint = s.red
		}
		note := ""
		if has < all {
			note = fmt.Sprintf("  %d wait in evhub", all-has)
		}
		bar := paint(strings.Repeat("█", full)) + s.faint(strings.Repeat("░", barWidth-full))
		s.say("    %s %s %5d of %4d%s", column(d.name, 8), bar, min(has, all), all, paint(note))
	}
	s.pause(long)
}

// column fills text up to width characters.
func column(text string, width int) string {
	return text + strings.Repeat(" ", max(width-len([]rune(text)), 1))
}

func trimmed(line string) string { return strings.TrimRight(line, " ") }
