package exec

import (
	"bufio"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/evhub/evhub/providers"
)

const (
	// maxLine is how much of a line goes to the log.
	maxLine = 1000
	// maxLines is how many lines go to the log in each period; more are counted.
	maxLines   = 20
	linePeriod = time.Second
)

// stderr puts what a program prints on standard error into the log: shortened, without secrets, and not more than the log
// can take.
type stderr struct {
	file   *os.File
	logger *slog.Logger
	scrub  *strings.Replacer
	ended  chan struct{}

	mu   sync.Mutex // guards the field below
	last string

	// Of the reading goroutine.
	since           time.Time
	logged, skipped int
}

func newStderr(file *os.File, logger *slog.Logger, scrub *strings.Replacer) *stderr {
	return &stderr{file: file, logger: logger, scrub: scrub, ended: make(chan struct{})}
}

func (s *stderr) start() { go s.read() }
func (s *stderr) wait()  { <-s.ended }

func (s *stderr) lastLine() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *stderr) read() {
	defer close(s.ended)
	in := bufio.NewReaderSize(s.file, 4<<10)
	for {
		line, err := in.ReadSlice('\n')
		if text := strings.TrimRight(string(line), "\r\n"); text != "" {
			s.say(text)
		}
		for errors.Is(err, bufio.ErrBufferFull) { // the rest of a long line
			_, err = in.ReadSlice('\n')
		}
		if err != nil {
			s.tellSkipped()
			return
		}
	}
}

func (s *stderr) say(line string) {
	text := shorten(providers.Visible(s.scrub.Replace(strings.ToValidUTF8(line, "?"))), maxLine)
	s.mu.Lock()
	s.last = shorten(text, quoted)
	s.mu.Unlock()
	if now := time.Now(); now.Sub(s.since) >= linePeriod {
		s.tellSkipped()
		s.since, s.logged = now, 0
	}
	if s.logged++; s.logged > maxLines {
		s.skipped++
		return
	}
	s.logger.Warn("the program says", "stderr", text)
}

func (s *stderr) tellSkipped() {
	if s.skipped > 0 {
		s.logger.Warn("the program said more than the log takes", "lines_skipped", s.skipped)
		s.skipped = 0
	}
}
