package main

import (
	"context"
	"errors"
	"sync"

	"github.com/evhub/evhub/bench/backlogs"
	"github.com/evhub/evhub/integration/brokers"
)

// servers are the brokers of a comparison. Each is found, or started, when a group asks for it first. So is what waits
// in journals.
type servers struct {
	dir             string // for what is written to disk; "" is the folder for temporary files
	backlogs        backlogs.Backlogs
	kafka, rabbitmq func() (address string, err error)
	closers         []func() error
}

// newServers returns the brokers at the given addresses; those without an address are started natively.
func newServers(ctx context.Context, kafka, rabbitmq string) *servers {
	s := &servers{}
	s.kafka = sync.OnceValues(func() (string, error) {
		if kafka != "" {
			return kafka, nil
		}
		k, err := brokers.StartKafka(ctx, brokers.KafkaOptions{JVM: []string{"-Xmx1g"}})
		if err != nil {
			return "", err
		}
		s.closers = append(s.closers, k.Close)
		return k.Addr(), nil
	})
	s.rabbitmq = sync.OnceValues(func() (string, error) {
		if rabbitmq != "" {
			return rabbitmq, nil
		}
		r, err := brokers.StartRabbitMQ(ctx)
		if err != nil {
			return "", err
		}
		s.closers = append(s.closers, r.Close)
		return r.URL(), nil
	})
	return s
}

// close stops what was started.
func (s *servers) close() error {
	errs := []error{s.backlogs.Close()}
	for _, c := range s.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}
