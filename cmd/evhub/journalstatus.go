package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
)

func newJournalStatus(o *options) *cobra.Command {
	var journal journalFlags
	var interval time.Duration
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say what waits for which destination, since when, and how fast it drains",
		Long: `Say what waits for which destination, since when, and how many dead letters there are. While a process uses the
journal, a second look after --interval says how fast each backlog drains.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if interval < 0 {
				return usageError(fmt.Errorf("--interval must not be negative; 0 means no second look"))
			}
			look, err := o.lookAtJournal(cmd, &journal, interval)
			if err != nil {
				return err
			}
			if o.json() {
				return o.console.printJSON(look.line())
			}
			look.print(o)
			return nil
		},
	}
	journal.addDir(cmd, thereJournal)
	cmd.Flags().DurationVar(&interval, "interval", time.Second, "time between two looks, which tell the speed; 0: one look")
	return cmd
}

// journalLook is what a journal holds, and how that changes.
type journalLook struct {
	hub.JournalStatus
	at time.Time
	// before was the status a while ago, if there was a process to change it.
	before *hub.JournalStatus
	after  time.Duration
}

// lookAtJournal looks once, and once more after an interval if a process uses the journal.
func (o *options) lookAtJournal(cmd *cobra.Command, f *journalFlags, interval time.Duration) (journalLook, error) {
	first, err := o.journalStatus(f, cmd)
	look := journalLook{JournalStatus: first, at: time.Now()}
	if err != nil || first.PID == 0 || interval == 0 {
		return look, err
	}
	if err := wait(cmd.Context(), interval); err != nil {
		return look, err
	}
	second, err := o.journalStatus(f, cmd)
	now := time.Now()
	return journalLook{JournalStatus: second, at: now, before: &first, after: now.Sub(look.at)}, err
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// journalStatus takes one look.
func (o *options) journalStatus(f *journalFlags, cmd *cobra.Command) (status hub.JournalStatus, err error) {
	err = o.reading(f, cmd, func(j *hub.Journal) (err error) {
		status, err = j.Status()
		return err
	})
	return status, err
}

// rate is how many events a second a destination settled between the looks; ok is false if there was one look only.
func (l *journalLook) rate(d hub.JournalBacklog) (perSecond float64, ok bool) {
	if l.before == nil {
		return 0, false
	}
	for _, b := range l.before.Destinations {
		if b.Name == d.Name {
			return float64(d.Settled-b.Settled) / l.after.Seconds(), true
		}
	}
	return float64(d.Settled) / l.after.Seconds(), true
}

func (l *journalLook) print(o *options) {
	c := o.console
	s := c.out.style
	use := "not in use"
	if l.PID != 0 {
		use = fmt.Sprintf("in use by process %d", l.PID)
	}
	free := ""
	if l.FreeBytes >= 0 {
		free = fmt.Sprintf(", %s free", bytesText(l.FreeBytes))
	}
	fmt.Fprintf(c.out, "%s %s, %s in %s%s\n", s.heading(visible(l.Dir)), use, bytesText(l.DiskBytes), count(l.Segments, "segment"), free)
	if n := len(l.Quarantined); n > 0 {
		fmt.Fprintln(c.out, s.warning(fmt.Sprintf("%s with damaged parts in quarantine (see \"evhub journal verify\")", count(n, "file"))))
	}
	if len(l.Destinations) == 0 {
		fmt.Fprintln(c.out, "no destinations yet")
		return
	}
	rows := newTable(c.out, "DESTINATION", "WAITING", "SIZE", "OLDEST", "DRAINS", "DEAD")
	for _, d := range l.Destinations {
		rows.row(visible(d.Name), strconv.Itoa(d.Events), bytesText(d.Bytes), l.age(d), l.drains(d), strconv.Itoa(d.DeadLetters))
	}
	rows.flush()
	for _, d := range l.Destinations {
		if orphaned(d) {
			fmt.Fprintf(c.out, "%s %s for %s, %s\n", s.warning("orphaned:"), holdings(d.Events, d.DeadLetters), visible(d.Name), l.whyOrphaned(d.Name))
		}
	}
}

// orphaned reports whether a destination that nobody serves has something.
func orphaned(d hub.JournalBacklog) bool { return !d.Active && d.Events+d.DeadLetters > 0 }

// whyOrphaned says why nobody serves a destination, and what can be done. A process that has the journal may deliver
// what it has for one that a reload removed just now, and lets nobody change the journal meanwhile.
func (l *journalLook) whyOrphaned(name string) string {
	if l.PID != 0 {
		return fmt.Sprintf("which the acct file of process %d does not have: after a reload it goes on with that for 30 seconds; "+
			"once it has ended, for what is left: %s", l.PID, cureOfOrphan(name))
	}
	return "which was not in the acct file that was used last: " + cureOfOrphan(name)
}

func (l *journalLook) age(d hub.JournalBacklog) string {
	if d.Events == 0 || d.Oldest.IsZero() {
		return "-"
	}
	return spanText(max(0, l.at.Sub(d.Oldest)))
}

// drains says how fast a backlog is settled, and how long that takes.
func (l *journalLook) drains(d hub.JournalBacklog) string {
	perSecond, ok := l.rate(d)
	switch {
	case !ok, d.Events == 0 && perSecond == 0:
		return "-"
	case perSecond == 0:
		return "stands still"
	case d.Events == 0:
		return fmt.Sprintf("%.0f/s", perSecond)
	}
	return fmt.Sprintf("%.0f/s, %s left", perSecond, spanText(time.Duration(float64(d.Events)/perSecond*float64(time.Second))))
}
