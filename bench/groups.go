package main

import (
	"time"

	"github.com/evhub/evhub/bench/backlogs"
	"github.com/evhub/evhub/bench/engine"
	"github.com/evhub/evhub/bench/harness"
	"github.com/evhub/evhub/bench/hubs"
	"github.com/evhub/evhub/bench/kafka"
	"github.com/evhub/evhub/bench/rabbitmq"
)

// groups is everything that can be compared.
func groups(s *servers) []harness.Group {
	return append(diskGroups(s.dir, &s.backlogs), memoryGroups(s)...)
}

// memoryGroups compare what has nothing to do with a disk, or not with this machine's.
func memoryGroups(s *servers) []harness.Group {
	return []harness.Group{
		{
			Name: "route", Title: "Route lookup, 100 patterns",
			Events: 5_000_000, WarmUp: 100_000,
			Contestants: []harness.Contestant{
				engine.Route("hit, 50 destinations", true, true),
				engine.Route("miss", false, true),
				engine.Route("hit, profile never seen before", true, false),
				engine.Route("miss, profile never seen before", false, false),
			},
		},
		{
			Name: "engine", Title: "Engine alone, destinations that discard",
			Events: 1_000_000, WarmUp: 100_000,
			Contestants: []harness.Contestant{
				engine.Put("Put, raw", hubs.Put(1), "raw", hubs.Opaque, 1),
				engine.Put("Put from 4 goroutines, raw", hubs.Put(4), "raw", hubs.Opaque, 1),
				engine.Put("PutNowait, raw", hubs.PutNowait(), "raw", hubs.Opaque, 1),
				engine.Put("PutAll 100, raw", hubs.PutAll(100), "raw", hubs.Opaque, 1),
				engine.Put("PutAll 1000, raw", hubs.PutAll(1000), "raw", hubs.Opaque, 1),
				engine.Put("PutAll 1000, raw, 4 destinations", hubs.PutAll(1000), "raw", hubs.Opaque, 4),
				engine.Put("PutAll 1000, idem, JSON text", hubs.PutAll(1000), "idem", hubs.JSON, 1),
				engine.Put("PutAll 1000, idem, Go map", hubs.PutAll(1000), "idem", hubs.Value, 1),
				engine.Put("Put, idem, JSON text", hubs.Put(1), "idem", hubs.JSON, 1),
			},
		},
		kafkaGroup(s, "kafka", "Kafka, 1 partition", 1),
		catchUpGroup("catchup-kafka", "Delivering what waits, to Kafka", both(kafka.Prepare(s.kafka, 1), scratch(s.dir)), backlogs.Kafka),
		kafkaGroup(s, "kafka4", "Kafka, 4 partitions", 4),
		{
			Name: "kafka-latency", Title: "Kafka, a lone event on an idle connection", Kind: harness.Latency,
			Events: 500, WarmUp: 100,
			Prepare: kafka.Prepare(s.kafka, 1),
			Contestants: []harness.Contestant{
				kafka.Raw("raw TCP, hand encoder"),
				kafka.Protocol("kafka-go/protocol"),
				kafka.Writer("kafka-go Writer 5ms", 1000, 5*time.Millisecond),
				kafka.Evhub("evhub PutWait", hubs.PutWait(), kafka.Bare, hubs.Opaque),
				kafka.Evhub("evhub PutWait, idem with headers", hubs.PutWait(), "", hubs.JSON),
			},
		},
		{
			Name: "rabbitmq", Title: "RabbitMQ, durable queue, persistent, confirms",
			Events: 40_000, WarmUp: 2000,
			Prepare: rabbitmq.Prepare(s.rabbitmq),
			Contestants: []harness.Contestant{
				rabbitmq.Client("amqp091 w1000", 1000, false),
				rabbitmq.Client("amqp091 w1000 corked", 1000, true),
				rabbitmq.Client("amqp091 w2000 corked", 2000, true),
				rabbitmq.Evhub("evhub PutAll 1000", hubs.PutAll(1000), rabbitmq.Bare, hubs.Opaque),
				rabbitmq.Evhub("evhub Put", hubs.Put(1), rabbitmq.Bare, hubs.Opaque),
				rabbitmq.Evhub("evhub PutAll 1000, idem with headers", hubs.PutAll(1000), "", hubs.JSON),
			},
		},
		{
			Name: "rabbitmq-latency", Title: "RabbitMQ, a lone event on an idle connection", Kind: harness.Latency,
			Events: 500, WarmUp: 100,
			Prepare: rabbitmq.Prepare(s.rabbitmq),
			Contestants: []harness.Contestant{
				rabbitmq.Client("amqp091", 1000, false),
				rabbitmq.Client("amqp091 corked", 1000, true),
				rabbitmq.Evhub("evhub PutWait", hubs.PutWait(), rabbitmq.Bare, hubs.Opaque),
			},
		},
	}
}

func kafkaGroup(s *servers, name, title string, partitions int) harness.Group {
	return harness.Group{
		Name: name, Title: title,
		Events: 500_000, WarmUp: 50_000,
		Prepare: kafka.Prepare(s.kafka, partitions),
		Contestants: []harness.Contestant{
			kafka.Raw("raw TCP, hand encoder, 1 conn pipelined 5"),
			kafka.Protocol("kafka-go/protocol, 1 conn pipelined 5"),
			kafka.Writer("kafka-go Writer async 5ms/1000", 1000, 5*time.Millisecond),
			kafka.Evhub("evhub PutAll 1000", hubs.PutAll(1000), kafka.Bare, hubs.Opaque),
			kafka.Evhub("evhub Put", hubs.Put(1), kafka.Bare, hubs.Opaque),
			kafka.Evhub("evhub Put from 8 goroutines", hubs.Put(8), kafka.Bare, hubs.Opaque),
			kafka.Evhub("evhub PutNowait", hubs.PutNowait(), kafka.Bare, hubs.Opaque),
			kafka.Evhub("evhub PutAll 1000, headers", hubs.PutAll(1000), "format: raw", hubs.Opaque),
			kafka.Evhub("evhub PutAll 1000, idem with headers", hubs.PutAll(1000), "", hubs.JSON),
		},
	}
}
