package console

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/evhub/evhub/providers"
)

// output is a stream that several destinations may share.
type output struct {
	colours bool

	mu sync.Mutex // held during a write, so that events do not mix
	w  io.Writer
}

func newOutput(w io.Writer) *output {
	return &output{w: w, colours: os.Getenv("NO_COLOR") == "" && isTerminal(w)}
}

func isTerminal(w io.Writer) (is bool) {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	conn, err := file.SyscallConn() // Fd would make a pipe's writes blocking
	if err != nil {
		return false
	}
	err = conn.Control(func(fd uintptr) { is = term.IsTerminal(int(fd)) })
	return is && err == nil
}

// printer is the lane.Sink of one session.
type printer struct {
	*output
	pretty bool
}

// Encode implements lane.Sink.
func (p *printer) Encode(dst []byte, m *providers.Message) ([]byte, error) {
	if p.pretty {
		return appendPretty(dst, m, p.colours), nil
	}
	return append(appendLine(dst, m.Body), '\n'), nil
}

// Write implements lane.Sink.
func (p *printer) Write(text []byte) (written int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.w.Write(text)
}

// Sync implements lane.Sink: there is nothing to sync.
func (p *printer) Sync() error { return nil }

// Tick implements lane.Sink.
func (p *printer) Tick() error { return nil }

// Close implements lane.Sink. The stream is the process's and stays open.
func (p *printer) Close() error { return nil }
