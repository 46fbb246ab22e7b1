package brokertest

import (
	"bufio"
	"net"
	"strconv"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/produce"
	"github.com/segmentio/kafka-go/protocol/saslauthenticate"
	"github.com/segmentio/kafka-go/protocol/saslhandshake"
)

// node is one broker.
type node struct {
	cluster  *Cluster
	id       int32
	address  string
	listener net.Listener
}

func (n *node) serve() {
	c := n.cluster
	for {
		conn, err := n.listener.Accept()
		if err != nil {
			return
		}
		c.mu.Lock()
		wrap := c.wrap
		c.mu.Unlock()
		if wrap != nil {
			conn = wrap(conn)
		}
		c.mu.Lock()
		c.conns[conn] = true
		if c.closed {
			conn.Close()
		}
		c.mu.Unlock()
		c.tasks.Go(func() {
			n.converse(conn)
			conn.Close()
			c.mu.Lock()
			delete(c.conns, conn)
			c.mu.Unlock()
		})
	}
}

// converse answers the requests of one connection, one after the other.
func (n *node) converse(conn net.Conn) {
	reader := bufio.NewReader(conn)
	loggedIn := n.cluster.User == ""
	for {
		version, serial, _, request, err := protocol.ReadRequest(reader)
		if err != nil {
			return
		}
		var response protocol.Message
		switch r := request.(type) {
		case *apiversions.Request:
			response = n.versions()
		case *saslhandshake.Request:
			response = handshake(r)
		case *saslauthenticate.Request:
			response, loggedIn = n.authenticate(r)
		default:
			if !loggedIn {
				return
			}
			response = n.answer(request)
		}
		if response == nil {
			return
		}
		if response == silence {
			continue
		}
		if err := protocol.WriteResponse(conn, version, serial, response); err != nil {
			return
		}
	}
}

// silence stands for a response that is not sent.
var silence = &produce.Response{}

func (n *node) answer(request protocol.Message) protocol.Message {
	switch r := request.(type) {
	case *metadata.Request:
		return n.metadata(r)
	case *initproducerid.Request:
		return n.identify()
	case *produce.Request:
		return n.produce(r)
	}
	return nil
}

func (n *node) versions() protocol.Message {
	limit := n.cluster.ProduceVersion
	if limit == 0 {
		limit = defaultProduceLimit
	}
	r := &apiversions.Response{}
	for key, highest := range map[protocol.ApiKey]int16{
		protocol.Produce: limit, protocol.Metadata: highestMetadata, protocol.InitProducerId: highestInitProducer,
		protocol.SaslHandshake: highestSASLHandshake, protocol.SaslAuthenticate: highestAuthenticate,
	} {
		r.ApiKeys = append(r.ApiKeys, apiversions.ApiKeyResponse{ApiKey: int16(key), MaxVersion: highest})
	}
	return r
}

func handshake(r *saslhandshake.Request) protocol.Message {
	if r.Mechanism != "PLAIN" {
		return &saslhandshake.Response{ErrorCode: codeBadMechanism, Mechanisms: []string{"PLAIN"}}
	}
	return &saslhandshake.Response{Mechanisms: []string{"PLAIN"}}
}

func (n *node) authenticate(r *saslauthenticate.Request) (protocol.Message, bool) {
	if string(r.AuthBytes) != "\x00"+n.cluster.User+"\x00"+n.cluster.Password {
		return &saslauthenticate.Response{ErrorCode: codeLoginFailed, ErrorMessage: "Authentication failed"}, false
	}
	return &saslauthenticate.Response{SessionLifetimeMs: n.cluster.Lifetime.Milliseconds()}, true
}

func (n *node) metadata(r *metadata.Request) protocol.Message {
	c := n.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	out := &metadata.Response{}
	for _, b := range c.nodes {
		host, port, _ := net.SplitHostPort(b.address)
		number, _ := strconv.Atoi(port)
		out.Brokers = append(out.Brokers, metadata.ResponseBroker{NodeID: b.id, Host: host, Port: int32(number)})
	}
	for _, name := range r.TopicNames {
		out.Topics = append(out.Topics, c.describe(name, r.AllowAutoTopicCreation))
	}
	return out
}

func (c *Cluster) describe(name string, create bool) metadata.ResponseTopic {
	t := metadata.ResponseTopic{Name: name}
	logs, ok := c.topics[name]
	switch {
	case len(name) > maxTopicName:
		t.ErrorCode = codeInvalidTopic
		return t
	case !ok:
		t.ErrorCode = codeUnknownTopic
		if create && c.AutoCreate > 0 {
			// As in Kafka, the topic is there at the next request.
			c.create(name, c.AutoCreate)
		}
		return t
	}
	for i, l := range logs {
		p := metadata.ResponsePartition{PartitionIndex: int32(i), LeaderID: l.leader}
		if l.leader < 0 {
			p.ErrorCode = codeLeaderMissing
		}
		t.Partitions = append(t.Partitions, p)
	}
	return t
}

func (n *node) identify() protocol.Message {
	c := n.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Identify != nil {
		if code := c.Identify(); code != 0 {
			return &initproducerid.Response{ErrorCode: code, ProducerID: noProducerID, ProducerEpoch: -1}
		}
	}
	c.ids++
	return &initproducerid.Response{ProducerID: c.ids}
}
