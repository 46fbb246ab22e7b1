// Command brokers runs Kafka and RabbitMQ until it is interrupted, for benchmarks and for work by hand:
//
//	go run ./cmd/brokers up
//
// It prints their addresses as settings for a shell, in the names that the tests understand.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/evhub/evhub/integration/brokers"
)

func main() {
	nodes := flag.Int("nodes", 1, "number of Kafka nodes")
	heap := flag.String("heap", "1g", "largest heap of each Kafka node")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: brokers [flags] up")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 || flag.Arg(0) != "up" {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := up(ctx, brokers.KafkaOptions{
		Nodes: *nodes, JVM: []string{"-Xmx" + *heap}, Settings: map[string]string{"auto.create.topics.enable": "true"},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // stop only gives the signal back
	}
}

// up starts both, says where they are, and stops them when ctx ends.
func up(ctx context.Context, o brokers.KafkaOptions) (err error) {
	k, err := brokers.StartKafka(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	r, err := brokers.StartRabbitMQ(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	fmt.Printf("export EVHUB_KAFKA=%s\nexport EVHUB_AMQP=%s\n", k.Addr(), r.URL())
	fmt.Fprintln(os.Stderr, "Ctrl-C stops them.")
	<-ctx.Done()
	return nil
}
