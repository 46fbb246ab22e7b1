package demo

import "fmt"

// report shows the table at the end, and the verdict.
func (s *stage) report(r Report) {
	s.say("\n%s\n", s.bold("3. Counted at the receivers, event by event"))
	s.say("  %s", s.faint("                       ── evhub says ──     ───────── the receivers have ─────────"))
	s.say("  %s%s", column("", 10), s.bold(fmt.Sprintf("%9s  %9s%9s   %9s%9s%9s  %8s",
		"matching", "delivered", "retried", "arrived", "missing", "twice", "in order")))
	for _, d := range r.Destinations {
		paint := s.green
		if !d.ok() {
			paint = s.red
		}
		s.say("  %s%9d  %9d%9d   %9d%s%9d  %8s", paint(column(d.Name, 10)), d.Sent, d.Delivered, d.Retried,
			d.Arrived, paint(fmt.Sprintf("%9d", d.Missing)), d.Duplicates, yesOrNo(d.InOrder))
	}
	s.say("\n%s", s.verdict(r))
}

func yesOrNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// verdict is one line.
func (s *stage) verdict(r Report) string {
	sent, twice := 0, 0
	for _, d := range r.Destinations {
		sent += d.Sent
		twice += d.Duplicates
	}
	if !r.OK {
		return s.red(fmt.Sprintf("FAILED: %d events fired, and the counts above do not agree.", r.Fired))
	}
	text := fmt.Sprintf("OK: %d events fired, %d deliveries, none missing, all in order, in %.1f s.", r.Fired, sent, r.Seconds)
	if twice > 0 {
		text += "\n" + fmt.Sprintf("    %d came twice, because its answer was lost: with the same ID, by which the webhook knows it.", twice)
	}
	return s.green(text)
}
