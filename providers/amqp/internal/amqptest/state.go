package amqptest

// Stored returns the messages that the broker has taken, in order.
func (b *Broker) Stored() []*Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]*Message(nil), b.stored...)
}

// Declared returns the queues that were declared, passive declarations aside, in order.
func (b *Broker) Declared() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.declared...)
}

// LockQueue makes name the exclusive queue of somebody else.
func (b *Broker) LockQueue(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.locked = name
}

// LookUps returns how many passive declarations of queues there have been.
func (b *Broker) LookUps() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lookUps
}

// isLocked counts a look-up and answers it.
func (b *Broker) isLocked(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lookUps++
	return name == b.locked
}

// Connections returns how many connections are open.
func (b *Broker) Connections() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.conns)
}

// Accepted returns how many connections there have been.
func (b *Broker) Accepted() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.accepted
}

// ClientProperties returns what the connections that are open have told about themselves.
func (b *Broker) ClientProperties() []map[string]any {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []map[string]any
	for c := range b.conns {
		all = append(all, c.properties)
	}
	return all
}

func (b *Broker) store(m *Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stored = append(b.stored, m)
}

func (b *Broker) exists(names map[string]bool, name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return names[name]
}

func (b *Broker) declareQueue(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queues[name] = true
	b.declared = append(b.declared, name)
}

// loginOK checks a PLAIN response.
func (b *Broker) loginOK(response string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return response == "\x00guest\x00"+b.password
}

// pause returns what to wait for before reading on, or nil. A connection that starts to publish during an alarm is
// told that it is blocked.
func (b *Broker) pause(c *conn, publishes bool) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if publishes {
		c.publishes = true
		if b.blocked != "" {
			c.block(b.blocked)
		}
	}
	if b.blocked != "" && !c.publishes {
		return nil
	}
	return b.paused
}

func (b *Broker) script(m *Message) Answer {
	b.mu.Lock()
	answer := b.answer
	b.mu.Unlock()
	return answer(m)
}
