package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/server"
)

// serveFlags are the flags of evhub serve.
type serveFlags struct {
	acctFile acctFlags
	listen   listenAddresses
	token    string
	cert     certificate
	strict   bool
	errors   errorEvents
	roomWait time.Duration
	timeout  time.Duration
	journal  journalFlags
}

func newServe(o *options) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Take events over HTTP, from a unix socket or TCP, until a signal",
		Long: `Take events over HTTP and deliver them, until SIGTERM or SIGINT:

  POST /v1/events  one event as a line of "evhub put", a JSON array of them, or lines (application/x-ndjson)
  POST /v1/runner  a status or event as ansible-runner-http posts it
  GET  /healthz    200 while events are taken

The answer is 200 {"ids": [...]} once all events are accepted, which with a journal means on disk; with ?wait=true it
comes after the deliveries, with their receipts. Any other status names each event that was not accepted, and why.

Without --listen it is a unix socket for this user alone: evhub.sock in $RUNTIME_DIRECTORY, else in $XDG_RUNTIME_DIR. A
TCP address must be one of the loopback interface, unless clients need a token (--token-file); --tls-cert and --tls-key
keep it and the events from being read on the way.

A line on standard output says when it listens. SIGHUP reads the acct file and the certificate again; if anything is
wrong with them nothing changes. After SIGTERM or SIGINT no more events are taken and --timeout bounds the deliveries;
the rest stays in the journal. A second signal ends them at once.

Exit codes; where several are true the highest counts:
    0  all done, or in the journal
    1  failure: an address or a journal in use, a damaged journal
    2  bad flags or acct file
    4  without a journal: some events became dead letters
    5  some events are not delivered and not in a journal`,
		Example: `  evhub serve -f acct.yaml --listen unix:/run/evhub/evhub.sock --listen 127.0.0.1:8090
  curl --unix-socket /run/evhub/evhub.sock -H 'Content-Type: application/json' http://localhost/v1/events \
    -d '{"profile": "idem-status", "body": "FINISHED"}'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd); err != nil {
				return usageError(err)
			}
			return runServe(cmd.Context(), o, &f)
		},
	}
	addAcctFlag(cmd, &f.acctFile)
	flags := cmd.Flags()
	f.listen.add(cmd)
	flags.StringVar(&f.token, "token-file", "", "`file` with the token that clients over TCP must send; with it TCP may be more than loopback")
	f.cert.add(cmd)
	flags.BoolVar(&f.strict, "strict", false, "refuse events that match no destination")
	f.errors.add(cmd)
	flags.DurationVar(&f.roomWait, "room-wait", 5*time.Second, "how long a request may wait for room and for the disk before it gets 503")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "how long to deliver after a signal; 0: until all is delivered, or a second signal")
	f.journal.add(cmd, "keep accepted events in this directory until they are delivered "+inDefault)
	f.journal.addNone(cmd)
	_ = cmd.MarkFlagFilename("token-file") // fails only for a flag that does not exist
	return cmd
}

// check refuses flags that cannot be together, and chooses the journal and the addresses.
func (f *serveFlags) check(cmd *cobra.Command) error {
	if f.roomWait <= 0 {
		return errors.New("--room-wait must be more than 0")
	}
	if err := errors.Join(checkTimeout(f.timeout), f.errors.check(), f.journal.check(cmd), f.listen.check(f.token != ""), f.cert.check()); err != nil {
		return err
	}
	return f.journal.useDefault()
}

func runServe(ctx context.Context, o *options, f *serveFlags) error {
	token, err := readToken(f.token, o.logger())
	if err != nil {
		return usageError(err)
	}
	pair, err := f.cert.read()
	if err != nil {
		return usageError(err)
	}
	f.cert.loaded.Store(pair)
	file, err := loadAcct(f.acctFile)
	if err != nil {
		return err
	}
	listeners, err := f.listen.open()
	if err != nil {
		return err
	}
	defer listeners.close()
	summary := newSummary(f.journal.dir)
	opts := append(f.errors.options(), hub.WithHooks(summary.hooks()))
	if f.strict {
		opts = append(opts, hub.WithStrict())
	}
	h, err := o.openHub(ctx, file, &f.journal, "stop that first, or give another --journal DIR", opts...)
	if err != nil {
		return err
	}
	signals := notifySignals(ctx)
	defer signals.stop()
	d := &daemon{
		o: o, f: f, hub: h, signals: signals, summary: summary, listeners: listeners,
		server: server.New(h, server.Options{Logger: o.logger(), Token: token, TLS: f.cert.config(), RoomWait: f.roomWait}),
	}
	return d.end(d.run())
}
