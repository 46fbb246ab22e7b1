// Package kafka delivers events to Apache Kafka.
//
// A destination is one topic, or, without `topics`, the topic that is named like the event's profile. Its session
// keeps one connection to each broker that leads a partition, and on it up to five produce requests without an
// answer. With `acks: all`, the default, the producer is idempotent: it numbers its batches, and sends those whose
// fate it does not know again, byte for byte, so that the broker can tell which of them it already has. The log then
// holds each event once and in order, through lost connections, restarts and changes of leader, as long as the
// outcome is settled within one session. Where it cannot be, the session ends, and the events of unknown outcome are
// sent again in the next one and may appear twice, with the same `message_uuid`.
//
// # Parts
//
// A producer lives as long as the destination and holds what outlives a session: the producer id and its epoch. A
// session holds topics, these their partitions, and a partition the batches without an outcome, in the order of their
// sequence numbers. Send encodes and, where the window allows it, writes; one goroutine for each connection reads
// answers; one more for the session looks for lost leaders, and writes what had to wait. What an answer means for the
// batches of its partition is in judge.go.
//
// # Events without a topic
//
// Without `topics`, a topic is looked up when the first event for it is sent. One that does not exist, and that the
// broker does not create, is no fault of the event: after a while the session fails, with the events for the
// other topics delivered, and the destination tries again until the topic is there.
package kafka
