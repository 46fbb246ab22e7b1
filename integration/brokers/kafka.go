package brokers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/evhub/evhub/internal/faultproxy"
)

// KafkaOptions describes a cluster to start. The zero value is one node for tests.
type KafkaOptions struct {
	// Nodes is the number of servers. The first is the only controller: while it lives the cluster notices what
	// happens to the others, even to the most of them. Zero: 1.
	Nodes int
	// Settings are added to the server properties of each node.
	Settings map[string]string
	// JVM are the flags for Java. Nil: a small heap and a compiler that starts fast.
	JVM []string
}

// Kafka is a running cluster with one log-in (User, Password) and no topics.
type Kafka struct {
	// Nodes are the servers, in order of their ids from 1. Empty if the cluster is not ours (see Owned).
	Nodes []*KafkaNode
	// TLS has what clients of the TLS listeners need.
	TLS Certificates

	addr string
	dir  string
}

// KafkaNode is one server of a cluster. Its addresses stay the same over restarts.
type KafkaNode struct {
	// Addr is the plaintext listener.
	Addr string
	// Proxied is a plaintext listener behind Proxy: clients that bootstrap there stay behind it.
	Proxied string
	// SASL takes PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 without TLS.
	SASL string
	// SSL is TLS; MutualTLS asks for a client certificate too.
	SSL, MutualTLS string
	// Proxy stands in front of Proxied.
	Proxy *faultproxy.Proxy

	id         int
	controller string
	behind     string // where Proxy forwards to
	process    *process
}

// StartKafka installs Kafka if need be, starts a cluster and returns when it is ready. Close it.
func StartKafka(ctx context.Context, o KafkaOptions) (k *Kafka, err error) {
	libs, err := install(ctx, "install-kafka.sh")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "evhub-kafka-")
	if err != nil {
		return nil, err
	}
	k = &Kafka{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start Kafka: %w", err), k.Close())
			k = nil
		}
	}()
	if k.TLS, err = newCertificates(dir); err != nil {
		return k, err
	}
	if err := k.layOut(max(o.Nodes, 1)); err != nil {
		return k, err
	}
	if err := k.format(ctx, libs, o); err != nil {
		return k, err
	}
	for _, n := range k.Nodes {
		if err := n.process.start(); err != nil {
			return k, err
		}
	}
	return k, k.AwaitReady(ctx)
}

// layOut gives every node its ports.
func (k *Kafka) layOut(nodes int) error {
	const each = 6
	ports, err := freePorts(nodes * each)
	if err != nil {
		return err
	}
	var addrs []string
	for i := range nodes {
		p := ports[i*each:]
		n := &KafkaNode{
			id:   i + 1,
			Addr: loopback(p[0]), SASL: loopback(p[1]), SSL: loopback(p[2]), MutualTLS: loopback(p[3]),
			behind: loopback(p[4]), controller: loopback(p[5]),
		}
		if n.Proxy, err = faultproxy.New(n.behind); err != nil {
			return err
		}
		n.Proxied = n.Proxy.Addr()
		k.Nodes = append(k.Nodes, n)
		addrs = append(addrs, n.Addr)
	}
	k.addr = strings.Join(addrs, ",")
	return nil
}

// format writes the configuration of each node and makes its empty data folder.
func (k *Kafka) format(ctx context.Context, libs string, o KafkaOptions) error {
	classes := filepath.Join(libs, "*")
	logging := filepath.Join(k.dir, "log4j2.properties")
	if err := os.WriteFile(logging, []byte(quietLog4j), 0o600); err != nil {
		return err
	}
	jvm := o.JVM
	if jvm == nil {
		jvm = []string{"-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}
	}
	jvm = append(jvm, "-Dlog4j.configurationFile="+logging, "-cp", classes)
	for _, n := range k.Nodes {
		dir := filepath.Join(k.dir, fmt.Sprint("node", n.id))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		properties := filepath.Join(dir, "server.properties")
		if err := os.WriteFile(properties, []byte(k.properties(n, dir, o.Settings)), 0o600); err != nil {
			return err
		}
		args := append([]string{}, jvm...)
		args = append(args, "kafka.tools.StorageTool", "format", "-t", clusterID, "-c", properties)
		args = append(args, scramUsers()...)
		if out, err := exec.CommandContext(ctx, "java", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("format the folder of node %d: %s: %w", n.id, out, err)
		}
		argv := append([]string{"java"}, jvm...)
		n.process = &process{name: fmt.Sprint("kafka", n.id), dir: dir, argv: append(argv, "kafka.Kafka", properties)}
	}
	return nil
}

// Addr is the plaintext address of all nodes, separated by commas.
func (k *Kafka) Addr() string { return k.addr }

// Owned reports whether the cluster was started here, so that its nodes can be killed and have a proxy.
func (k *Kafka) Owned() bool { return len(k.Nodes) > 0 }

// Close kills the nodes and removes their folders. Of a cluster that is not ours it does nothing.
func (k *Kafka) Close() error {
	for _, n := range k.Nodes {
		if n.process != nil {
			n.process.kill()
		}
		if n.Proxy != nil {
			_ = n.Proxy.Close()
		}
	}
	if k.dir == "" {
		return nil
	}
	return os.RemoveAll(k.dir)
}

// Kill9 kills the node with SIGKILL.
func (n *KafkaNode) Kill9() { n.process.kill() }

// Terminate ends the node in order, as an operator would.
func (n *KafkaNode) Terminate() { n.process.terminate(30 * time.Second) }

// Restart starts the node again, after Kill9 or Terminate, with the same addresses and data, and returns when it answers.
func (n *KafkaNode) Restart(ctx context.Context) error {
	if err := n.process.start(); err != nil {
		return err
	}
	return awaitReady(ctx, func(ctx context.Context) error { return checkKafka(ctx, n.Addr, 1) }, n.process)
}

// Stop freezes the node with SIGSTOP: connections stay open and nothing answers. Cont thaws it.
func (n *KafkaNode) Stop() error { return n.process.freeze() }

// Cont thaws the node after Stop.
func (n *KafkaNode) Cont() error { return n.process.signal(syscall.SIGCONT) }
