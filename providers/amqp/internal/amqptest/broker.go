package amqptest

import (
	"net"
	"sync"
	"testing"
)

// Broker is a running broker. All its methods may be called at any time.
type Broker struct {
	listener net.Listener
	serving  sync.WaitGroup

	mu        sync.Mutex
	answer    func(m *Message) Answer
	password  string
	exchanges map[string]bool
	queues    map[string]bool
	declared  []string
	locked    string // an exclusive queue of another connection
	lookUps   int
	stored    []*Message
	conns     map[*conn]bool
	accepted  int
	paused    chan struct{} // closed on resume; nil: not paused
	blocked   string        // why publishers are blocked; "": they are not
	cutAfter  int           // bytes after which each new connection is cut; 0: never
}

// Start runs a broker until the test ends. It acknowledges everything, knows user guest with password guest, and has
// no queues and no exchanges but the default one, which takes everything.
func Start(t testing.TB) *Broker {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &Broker{
		listener: listener, password: "guest", answer: func(*Message) Answer { return Ack() },
		exchanges: map[string]bool{}, queues: map[string]bool{}, conns: map[*conn]bool{},
	}
	b.serving.Add(1)
	go b.serve()
	t.Cleanup(b.stop)
	return b
}

// Addr returns host:port.
func (b *Broker) Addr() string { return b.listener.Addr().String() }

// Port returns the port.
func (b *Broker) Port() int { return b.listener.Addr().(*net.TCPAddr).Port }

func (b *Broker) serve() {
	defer b.serving.Done()
	for {
		socket, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.mu.Lock()
		b.accepted++
		c := newConn(b, socket, b.accepted, b.cutAfter)
		b.conns[c] = true
		b.mu.Unlock()
		b.serving.Add(1)
		go c.serve()
	}
}

func (b *Broker) stop() {
	b.listener.Close()
	b.Resume()
	b.Cut()
	b.serving.Wait()
}

// Answer makes the broker ask f what to do with each message. f is called from one goroutine per connection.
func (b *Broker) Answer(f func(m *Message) Answer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = f
}

// SetPassword changes guest's password.
func (b *Broker) SetPassword(password string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.password = password
}

// AddExchange lets passive declarations find name.
func (b *Broker) AddExchange(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.exchanges[name] = true
}

// AddQueue lets passive declarations find name.
func (b *Broker) AddQueue(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queues[name] = true
}

// RemoveQueue makes the broker forget name.
func (b *Broker) RemoveQueue(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.queues, name)
}

// Pause stops reading from all connections, as a broker under an alarm or a stopped process does.
func (b *Broker) Pause() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.paused == nil {
		b.paused = make(chan struct{})
	}
}

// Resume ends Pause.
func (b *Broker) Resume() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.paused != nil {
		close(b.paused)
		b.paused = nil
	}
}

// Block sends connection.blocked to each open connection, and to others when they publish, and stops reading what they
// publish then.
func (b *Broker) Block(reason string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.blocked = reason
	if b.paused == nil {
		b.paused = make(chan struct{})
	}
	for c := range b.conns {
		if c.open {
			c.block(reason)
		}
	}
}

// Unblock ends Block.
func (b *Broker) Unblock() {
	b.mu.Lock()
	b.blocked = ""
	for c := range b.conns {
		if c.blocked {
			c.blocked = false
			c.send(method(connectionUnblocked).frame(0))
		}
	}
	b.mu.Unlock()
	b.Resume()
}

// Cut closes all connections without a word.
func (b *Broker) Cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.conns {
		c.cut()
	}
}

// CutAfter makes the broker cut each new connection after it has read n bytes; 0: never.
func (b *Broker) CutAfter(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cutAfter = n
}
