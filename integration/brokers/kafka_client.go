package brokers

import (
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

// withClient lends do a client that keeps nothing open and caches nothing beyond the call.
func withClient(addrs string, do func(*kafka.Client) error) error {
	transport := &kafka.Transport{DialTimeout: 2 * time.Second, MetadataTTL: 100 * time.Millisecond}
	defer transport.CloseIdleConnections()
	return do(&kafka.Client{
		Addr:      kafka.TCP(strings.Split(addrs, ",")...),
		Timeout:   5 * time.Second,
		Transport: transport,
	})
}
