// Command pipeline delivers the rows of a table to a Kafka topic and a queue of RabbitMQ. It can be killed at any time:
// started again, it goes on where it was.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/all"
)

func main() {
	path := flag.String("table", "orders.csv", "CSV file whose rows to deliver; its first line has the names of the columns")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *path)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pipeline:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, path string) (err error) {
	rows, err := openTable(path)
	if err != nil {
		return err
	}
	defer rows.close()
	environment := map[string]string{
		"EVHUB_KAFKA": cmp.Or(os.Getenv("EVHUB_KAFKA"), "localhost:9092"),
		"EVHUB_AMQP":  cmp.Or(os.Getenv("EVHUB_AMQP"), "amqp://guest:guest@localhost:5672/"),
	}
	file, err := acct.Load("acct.yaml", acct.Options{Getenv: func(name string) string { return environment[name] }})
	if err != nil {
		return err
	}
	h, err := hub.Open(ctx, file, hub.WithProviders(all.Providers()...), hub.WithRunName("pipeline"))
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = errors.Join(err, h.Close(ctx))
	}()
	return deliver(ctx, h, rows)
}
