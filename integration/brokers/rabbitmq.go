package brokers

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// RabbitMQ is a running server. Its addresses stay the same over restarts.
type RabbitMQ struct {
	// TLS has what clients of TLSAddr need. The server asks for a client certificate but does without one.
	TLS Certificates
	// TLSAddr is "host:port" of the listener with TLS. Empty if the server is not ours.
	TLSAddr string

	url     string
	addr    string
	dir     string
	scripts string
	env     []string
	server  *process
	names   *process // epmd, where Erlang nodes find each other
}

// StartRabbitMQ installs RabbitMQ if need be, starts a server and returns when it is ready. Close it.
func StartRabbitMQ(ctx context.Context) (r *RabbitMQ, err error) {
	scripts, err := install(ctx, "install-rabbitmq.sh")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "evhub-rabbitmq-")
	if err != nil {
		return nil, err
	}
	r = &RabbitMQ{dir: dir, scripts: scripts}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start RabbitMQ: %w", err), r.Close())
			r = nil
		}
	}()
	if r.TLS, err = newCertificates(dir); err != nil {
		return r, err
	}
	if err := r.layOut(); err != nil {
		return r, err
	}
	if err := r.names.start(); err != nil {
		return r, err
	}
	return r, r.Restart(ctx)
}

// Addr is "host:port" without TLS.
func (r *RabbitMQ) Addr() string { return r.addr }

// URL is the amqp URL with User and Password, or the one from the environment.
func (r *RabbitMQ) URL() string { return r.url }

// URLVia is URL with another "host:port", such as that of a proxy in front of Addr.
func (r *RabbitMQ) URLVia(addr string) string {
	u, err := url.Parse(r.url)
	if err != nil {
		return r.url // it was used to connect: it parses
	}
	u.Host = addr
	return u.String()
}

// Owned reports whether the server was started here, so that it can be killed and controlled.
func (r *RabbitMQ) Owned() bool { return r.server != nil }

// Kill9 kills the server with SIGKILL.
func (r *RabbitMQ) Kill9() { r.server.kill() }

// Terminate ends the server in order, as an operator would.
func (r *RabbitMQ) Terminate() { r.server.terminate(30 * time.Second) }

// Restart starts the server again, after Kill9 or Terminate, with the same addresses and data, and returns when it takes connections.
func (r *RabbitMQ) Restart(ctx context.Context) error {
	if err := r.server.start(); err != nil {
		return err
	}
	return awaitReady(ctx, func(context.Context) error { return checkAMQP(r.url) }, r.server)
}

// Stop freezes the server with SIGSTOP: connections stay open and nothing answers. Cont thaws it.
func (r *RabbitMQ) Stop() error { return r.server.freeze() }

// Cont thaws the server after Stop.
func (r *RabbitMQ) Cont() error { return r.server.signal(syscall.SIGCONT) }

// Ctl runs rabbitmqctl against the server and returns what it prints.
func (r *RabbitMQ) Ctl(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(r.scripts, "rabbitmqctl"), append([]string{"--quiet"}, args...)...)
	cmd.Env, cmd.Dir = append(os.Environ(), r.env...), r.dir
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return text, fmt.Errorf("rabbitmqctl %s: %s: %w", strings.Join(args, " "), text, err)
	}
	return text, nil
}

// SetAlarm raises or clears the memory alarm, under which the server blocks publishers.
func (r *RabbitMQ) SetAlarm(ctx context.Context, on bool) error {
	call := "rabbit_alarm:clear_alarm({resource_limit, memory, node()})."
	if on {
		call = "rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []})."
	}
	_, err := r.Ctl(ctx, "eval", call)
	return err
}

// Do opens a connection and a channel for a while, to declare, delete or look.
func (r *RabbitMQ) Do(do func(*amqp.Channel) error) error {
	conn, err := amqp.Dial(r.url)
	if err != nil {
		return err
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	return do(ch)
}

// Close kills the server and removes its folder. Of a server that is not ours it does nothing.
func (r *RabbitMQ) Close() error {
	for _, p := range []*process{r.server, r.names} {
		if p != nil {
			p.kill()
		}
	}
	if r.dir == "" {
		return nil
	}
	return os.RemoveAll(r.dir)
}

func checkAMQP(url string) error {
	conn, err := amqp.DialConfig(url, amqp.Config{Dial: amqp.DefaultDial(3 * time.Second), Locale: "en_US"})
	if err != nil {
		return err
	}
	return conn.Close()
}
