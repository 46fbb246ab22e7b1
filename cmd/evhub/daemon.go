package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/server"
)

// daemon is a running evhub serve.
type daemon struct {
	o         *options
	f         *serveFlags
	hub       *hub.Hub
	server    *server.Server
	signals   *signals
	summary   *summary
	listeners listeners
}

// run serves until a signal, or until a listener fails, and then delivers what was accepted.
func (d *daemon) run() error {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE) // who started it may close the output, and that ends no daemon
	defer signal.Stop(broken)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP) // to the end: one that comes late must not end the deliveries
	defer signal.Stop(hangup)
	var serving sync.WaitGroup
	failed := make(chan error, len(d.listeners))
	for _, l := range d.listeners {
		serving.Go(func() {
			if err := d.server.Serve(l); err != nil {
				failed <- fmt.Errorf("listening at %s failed: %w", l.Addr(), err)
			}
		})
	}
	err := d.untilAsked(hangup, failed)
	tellSystemd("STOPPING=1")
	d.stop()
	serving.Wait()
	return err
}

// untilAsked returns when there is a signal to stop, or an error of a listener. It reloads at each hangup.
func (d *daemon) untilAsked(hangup <-chan os.Signal, failed <-chan error) error {
	d.say("listening", d.listeners.names(d.f.cert.scheme())...)
	tellSystemd("READY=1")
	for {
		select {
		case <-hangup:
			d.reload()
		case err := <-failed:
			return err
		case <-d.signals.asked.Done():
			return nil
		}
	}
}

// reload puts the acct file and the certificate in force as they are now, or neither.
func (d *daemon) reload() {
	file, err := d.f.acctFile.load()
	pair, certErr := d.f.cert.read()
	if err == nil && certErr == nil {
		err = d.hub.Reload(d.signals.asked, file)
	}
	path := cmp.Or(d.f.acctFile.path, os.Getenv("ACCT_FILE"))
	wrong := append(parted(err), parted(certErr)...)
	if len(wrong) == 0 {
		d.f.cert.loaded.Store(pair)
		d.say("reloaded", path)
		return
	}
	for _, one := range wrong {
		d.o.logger().Error("what is in force stays", "error", one)
	}
	d.say("reload failed", path)
}

// say tells who started the daemon what happens: in a line, whose first words or only key are what.
func (d *daemon) say(what string, names ...string) {
	c := d.o.console
	if d.o.json() {
		_ = c.printJSON(map[string]any{strings.ReplaceAll(what, " ", "_"): names}) // whoever closed the output does not want it
		return
	}
	fmt.Fprintln(c.out, visible(what+" "+strings.Join(names, " ")))
}

// stop ends the taking of events and delivers what was accepted, as long as --timeout and the user's patience allow.
// Each request that has come is answered; those that await receipts see the deliveries until the end.
func (d *daemon) stop() {
	answered, cancel := context.WithCancel(context.WithoutCancel(d.signals.forced))
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = d.server.Shutdown(answered) // what is not answered then is closed
	}()
	timer := time.NewTimer(d.f.roomWait)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	case <-d.signals.forced.Done():
	}
	drain, done := d.limited()
	defer done()
	d.summary.closing = d.o.closeHub(drain, d.hub)
	timer.Reset(lastAnswers)
	select {
	case <-ended:
	case <-timer.C:
	}
	cancel()
	<-ended
	_ = d.server.Close() // nothing is open any more, as a rule
}

// lastAnswers is how long clients may take to read their answers once everything else has ended.
const lastAnswers = time.Second

func (d *daemon) limited() (context.Context, context.CancelFunc) {
	if d.f.timeout == 0 {
		return context.WithCancel(d.signals.forced)
	}
	return context.WithTimeout(d.signals.forced, d.f.timeout)
}

// end says what became of the events, and with which code to exit. failure is why the daemon did not go on.
func (d *daemon) end(failure error) error {
	counts := d.server.Counts()
	s := d.summary
	s.accepted, s.refused = int(counts.Accepted), int(counts.Refused)
	s.read = s.accepted + s.refused
	s.finish(d.hub)
	s.print(d.o)
	switch {
	case len(s.lost) > 0:
		return &exitError{exitRemain, failure}
	case s.letters.count > 0 && d.f.journal.dir == "":
		return &exitError{exitDead, failure}
	case failure != nil || s.damaged():
		return &exitError{exitFailure, failure}
	}
	return nil
}
