package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/cmd/evhub/internal/mockapi"
)

// mockAPIFlags are the flags of evhub mock-api.
type mockAPIFlags struct {
	listen       string
	passwordFile string
	api          mockapi.Options
}

func newMockAPI(o *options) *cobra.Command {
	var f mockAPIFlags
	cmd := &cobra.Command{
		Use:   "mock-api",
		Short: "An API endpoint to try things out: it shows and keeps what it gets, and fails on demand",
		Long: `Take POST, PUT and PATCH of any path, with Basic authentication if there are --username and a password, print each as it
comes, and keep the newest. GET of any path lists what was taken, as JSON. It ends with SIGINT or SIGTERM.

--fail and --rate make it a bad endpoint, --delay a slow one. Which posts fail is the same in each run with the same
--seed.`,
		Example: `  evhub mock-api --username admin --password-file password
  evhub mock-api --fail 503 --rate 0.3 --delay 2s
  curl -u admin http://127.0.0.1:5000/`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd); err != nil {
				return usageError(err)
			}
			return runMockAPI(cmd.Context(), o, &f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:5000", "`address` to listen at, HOST:PORT; other than loopback only with a password")
	flags.StringVar(&f.api.Username, "username", "", "user name that requests must have")
	flags.StringVar(&f.api.Password, "password", "", "password that requests must have; others on this machine can see it, so better --password-file")
	flags.StringVar(&f.passwordFile, "password-file", "", "`file` with the password")
	flags.IntVar(&f.api.Fail, "fail", 0, "answer with this `status`, from 400 to 599, instead of taking a post")
	flags.Float64Var(&f.api.Rate, "rate", 1, "with --fail: the share of posts that fail, from 0 to 1")
	flags.DurationVar(&f.api.Delay, "delay", 0, "how long each post waits for its answer")
	flags.Uint64Var(&f.api.Seed, "seed", 1, "chooses which posts fail")
	flags.IntVar(&f.api.Keep, "keep", 1000, "how many posts to keep")
	_ = cmd.MarkFlagFilename("password-file") // fails only for a flag that does not exist
	return cmd
}

// check refuses what cannot be, and reads the password.
func (f *mockAPIFlags) check(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	switch {
	case f.api.Fail != 0 && (f.api.Fail < 400 || f.api.Fail > 599):
		return fmt.Errorf("--fail %d: want a status from 400 to 599", f.api.Fail)
	case f.api.Rate < 0 || f.api.Rate > 1 || f.api.Rate != f.api.Rate:
		return fmt.Errorf("--rate %v: want a share from 0 to 1", f.api.Rate)
	case given("rate") && f.api.Fail == 0:
		return errors.New("--rate is of failures: give --fail too, such as --fail 503")
	case f.api.Delay < 0:
		return errors.New("--delay must not be negative")
	case f.api.Keep < 1:
		return errors.New("--keep must be at least 1")
	case given("password") && given("password-file"):
		return errors.New("--password and --password-file: give one of them")
	case strings.Contains(f.api.Username, ":"):
		return errors.New("--username holds a colon, which Basic authentication cannot carry")
	}
	if f.passwordFile != "" {
		text, err := os.ReadFile(f.passwordFile)
		if err != nil {
			return fmt.Errorf("--password-file: %w", err)
		}
		if f.api.Password = strings.TrimRight(string(text), "\r\n"); f.api.Password == "" {
			return fmt.Errorf("--password-file %s: is empty", f.passwordFile)
		}
	}
	return f.checkAddress()
}

func (f *mockAPIFlags) checkAddress() error {
	host, _, err := net.SplitHostPort(f.listen)
	if err != nil {
		return fmt.Errorf("--listen %q: want HOST:PORT", f.listen)
	}
	ip := net.ParseIP(host)
	if f.api.Password == "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("--listen %s: anybody could read what was posted: give --password-file, or an address of loopback", f.listen)
	}
	return nil
}

func runMockAPI(ctx context.Context, o *options, f *mockAPIFlags) error {
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", f.listen, err)
	}
	signals := notifySignals(ctx)
	defer signals.stop()
	f.api.Show = func(p mockapi.Post) { showPost(o, p) }
	api := mockapi.New(f.api)
	requests, end := context.WithCancel(signals.forced)
	defer end()
	server := &http.Server{
		Handler: api, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		BaseContext: func(net.Listener) context.Context { return requests },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	sayListening(o, "http://"+listener.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("evhub mock-api: %w", err)
	case <-signals.asked.Done():
	}
	end() // no more waiting for --delay
	last, cancel := context.WithTimeout(signals.forced, time.Second)
	defer cancel()
	if server.Shutdown(last) != nil {
		_ = server.Close() // what was still open
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("evhub mock-api: %w", err)
	}
	c := api.Counts()
	fmt.Fprintf(o.console.err, "%s: %d taken, %d not\n", count(c.Received, "post"), c.Taken, c.Failed)
	return nil
}

func sayListening(o *options, url string) {
	if o.json() {
		_ = o.console.printJSON(map[string]any{"listening": []string{url}}) // whoever closed the output does not want it
		return
	}
	fmt.Fprintln(o.console.out, "listening "+url)
}

// shownBody is the most of a body that is printed, in bytes.
const shownBody = 300

// showPost prints a post as it comes.
func showPost(o *options, p mockapi.Post) {
	if o.json() {
		_ = o.console.printJSON(p) // as above
		return
	}
	style := o.console.out.style
	status := style.success(fmt.Sprint(p.Status))
	if p.Status != http.StatusOK {
		status = style.failure(fmt.Sprint(p.Status))
	}
	fmt.Fprintf(o.console.out, "%d %s %s %s %s\n", p.N, p.Method, visible(p.Path), status, visible(bodyOnLine(p)))
}

// bodyOnLine is the body of a post, or the beginning of a long one, for a line.
func bodyOnLine(p mockapi.Post) string {
	text := p.Text
	var compact bytes.Buffer
	switch {
	case len(p.Bytes) > 0:
		return fmt.Sprintf("(%d bytes)", len(p.Bytes))
	case json.Compact(&compact, p.Body) == nil:
		text = compact.String()
	}
	if len(text) <= shownBody {
		return text
	}
	return strings.ToValidUTF8(text[:shownBody], "") + "…"
}
