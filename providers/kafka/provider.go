package kafka

import (
	"slices"
	"strings"

	"github.com/evhub/evhub/providers"
)

// maxInFlight is how many batches of a producer a broker remembers for each partition, and so how many may be
// without an answer when all of them may have to be sent again.
const maxInFlight = 5

// Provider returns the provider for Apache Kafka.
func Provider() providers.Provider {
	return providers.Define(providers.Spec[Config]{
		Name:    "kafka",
		Doc:     "Delivers to topics of an Apache Kafka cluster (0.11 and later). Delivered means that all in-sync replicas have the record; see acks.",
		Default: Default,
		Caps:    caps,
		Address: address,
		Split:   split,
		Open:    open,
	})
}

func caps(c Config) providers.Caps {
	return providers.Caps{
		Acked:      c.Connection.Acks != AcksNone,
		Order:      providers.Full,
		BatchBytes: int(c.Connection.MaxRequestSize),
		Window:     maxInFlight,
		NoAttrs:    !c.Headers,
	}
}

func address(c Config) string {
	servers := slices.Clone(c.Connection.BootstrapServers)
	slices.Sort(servers)
	return strings.Join(servers, ",") + "/" + c.topic()
}

func split(c Config) []Config {
	if len(c.Topics) < 2 {
		return []Config{c}
	}
	var cs []Config
	for _, topic := range c.Topics {
		one := c
		one.Topics = providers.Strings{topic}
		cs = append(cs, one)
	}
	return cs
}

func open(c Config, env providers.Env) (providers.Dial, error) {
	if err := check(c); err != nil {
		return nil, err
	}
	warn(c, env.Logger)
	security, err := newSecurity(c)
	if err != nil {
		return nil, err
	}
	return newProducer(c, env, security).dial, nil
}
