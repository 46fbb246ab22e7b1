// Package brokertest is a Kafka cluster in memory, for tests of a producer. It keeps track of producers as Apache
// Kafka does: it recognises the last five batches of an id for each partition, refuses gaps, and takes any first
// sequence number from an id that it does not know. A script can make it refuse, stay silent or hang up.
package brokertest

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// Record is a record in a log.
type Record struct {
	Key     []byte // nil: null
	Value   string
	Headers map[string]string
}

// Cluster is a set of brokers that share their topics. Safe for concurrent use; the exported fields are set before
// Addresses is called.
type Cluster struct {
	// AutoCreate is how many partitions a topic gets that is asked for and does not exist; 0: none is created.
	AutoCreate int
	// MaxBatch is the most bytes of a batch, 0 for no limit.
	MaxBatch int
	// ProduceVersion is the highest version of produce requests; 0 means 8.
	ProduceVersion int16
	// Script decides about each batch of each produce request. Nil, and a zero Reply: as a broker does.
	Script func(Batch) Reply
	// Identify returns the error code for a request for a producer id.
	Identify func() int16
	// User and Password are asked for with SASL PLAIN if User is set.
	User, Password string
	// Lifetime of a login.
	Lifetime time.Duration

	nodes []*node

	mu       sync.Mutex
	wrap     func(net.Conn) net.Conn
	topics   map[string][]*log
	ids      int64
	batches  int
	produced int // requests
	conns    map[net.Conn]bool
	tasks    sync.WaitGroup
	closed   bool
}

// Batch is what a script sees.
type Batch struct {
	// Attempt counts the batches of all requests from 1.
	Attempt   int
	Topic     string
	Partition int32
	Values    []string
	IDs       []string // message_uuid of each record
	ID        int64
	Epoch     int16
	Sequence  int32
}

// Reply is what a broker does with a batch.
type Reply struct {
	// Code is answered instead of a success. Store: the records are written nevertheless.
	Code  int16
	Store bool
	// Refused are the places of records that are named as wrong.
	Refused []int32
	// Hangup: no answer, the connection is closed. Silent: no answer. The batch is written all the same, unless there is a
	// Code without Store.
	Hangup, Silent bool
	// Wait is awaited before the batch is looked at.
	Wait <-chan struct{}
}

// New returns a cluster of n brokers that ends with the test.
func New(t testing.TB, n int) *Cluster {
	t.Helper()
	c := &Cluster{topics: make(map[string][]*log), ids: 1000, conns: make(map[net.Conn]bool)}
	for id := range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		b := &node{cluster: c, id: int32(id), listener: l, address: l.Addr().String()}
		c.nodes = append(c.nodes, b)
		c.tasks.Go(b.serve)
	}
	t.Cleanup(c.Close)
	return c
}

// Close stops all brokers.
func (c *Cluster) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	for _, n := range c.nodes {
		n.listener.Close()
	}
	c.Hangup()
	c.tasks.Wait()
}

// Hangup closes all connections.
func (c *Cluster) Hangup() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		conn.Close()
	}
}

// Wrap makes the brokers speak through what wrap returns for each connection from now on.
func (c *Cluster) Wrap(wrap func(net.Conn) net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrap = wrap
}

// Connections returns how many connections are open.
func (c *Cluster) Connections() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.conns)
}

// Requests returns how many produce requests came in.
func (c *Cluster) Requests() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.produced
}

// Addresses returns where the brokers listen. The exported fields are not changed after it.
func (c *Cluster) Addresses() []string {
	// Orders the changes of the fields before their use by the brokers.
	c.mu.Lock()
	defer c.mu.Unlock()
	var as []string
	for _, n := range c.nodes {
		as = append(as, n.address)
	}
	return as
}

// Create makes a topic.
func (c *Cluster) Create(topic string, partitions int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.create(topic, partitions)
}

func (c *Cluster) create(topic string, partitions int) {
	logs := make([]*log, partitions)
	for i := range logs {
		logs[i] = &log{leader: int32(i % len(c.nodes)), producers: make(map[int64]*producer)}
	}
	c.topics[topic] = logs
}

// Delete removes a topic.
func (c *Cluster) Delete(topic string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.topics, topic)
}

// Restart forgets what a broker forgets when it restarts, and closes all connections: of each producer only the
// last batch is recognised.
func (c *Cluster) Restart() {
	c.mu.Lock()
	for _, logs := range c.topics {
		for _, l := range logs {
			for _, p := range l.producers {
				p.recent = p.recent[max(len(p.recent)-1, 0):]
			}
		}
	}
	c.mu.Unlock()
	c.Hangup()
}

// Lead makes a broker the leader of a partition; -1: nobody.
func (c *Cluster) Lead(topic string, partition int, node int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.topics[topic][partition].leader = node
}

// Log returns what a partition holds.
func (c *Cluster) Log(topic string, partition int) []Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	if partition >= len(c.topics[topic]) {
		return nil
	}
	return slices.Clone(c.topics[topic][partition].records)
}

// Values returns the values in all partitions of a topic, one after the other.
func (c *Cluster) Values(topic string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var vs []string
	for _, l := range c.topics[topic] {
		for _, r := range l.records {
			vs = append(vs, r.Value)
		}
	}
	return vs
}

// All returns the values of each partition of each topic.
func (c *Cluster) All() [][]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all [][]string
	for _, logs := range c.topics {
		for _, l := range logs {
			var vs []string
			for _, r := range l.records {
				vs = append(vs, r.Value)
			}
			all = append(all, vs)
		}
	}
	return all
}
