package brokers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// User and Password log in at every broker started here.
const (
	User     = "evhub"
	Password = "evhub-test-password"
)

const (
	clusterID = "ZXZodWItdGVzdC1jbHVzdA" // 16 bytes in base64

	quietLog4j = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
`
)

// properties is the server.properties of a node.
func (k *Kafka) properties(n *KafkaNode, dir string, more map[string]string) string {
	p := map[string]string{
		"process.roles":                    "broker",
		"node.id":                          fmt.Sprint(n.id),
		"controller.quorum.voters":         "1@" + k.Nodes[0].controller,
		"log.dirs":                         dir + "/data",
		"offsets.topic.replication.factor": "1",
		"transaction.state.log.replication.factor": "1",
		"transaction.state.log.min.isr":            "1",
		"group.initial.rebalance.delay.ms":         "0",
		"auto.create.topics.enable":                "false",
		// A node that was killed is taken for dead, and taken back, after this.
		"broker.session.timeout.ms":    "4000",
		"broker.heartbeat.interval.ms": "1000",
	}
	k.addListeners(p, n)
	maps.Copy(p, more)
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(p)) {
		fmt.Fprintf(&b, "%s=%s\n", key, p[key])
	}
	return b.String()
}

// addListeners adds one listener for each way to connect.
func (k *Kafka) addListeners(p map[string]string, n *KafkaNode) {
	listen := []string{
		"PLAINTEXT://" + n.Addr, "SASL://" + n.SASL, "TLS://" + n.SSL, "MTLS://" + n.MutualTLS,
		"PROXIED://" + n.behind,
	}
	p["listeners"] = strings.Join(listen, ",")
	if n == k.Nodes[0] {
		p["process.roles"] = "broker,controller"
		p["listeners"] += ",CONTROLLER://" + n.controller
	}
	listen[len(listen)-1] = "PROXIED://" + n.Proxied
	p["advertised.listeners"] = strings.Join(listen, ",")
	p["controller.listener.names"] = "CONTROLLER"
	p["inter.broker.listener.name"] = "PLAINTEXT"
	p["listener.security.protocol.map"] = "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT," +
		"SASL:SASL_PLAINTEXT,TLS:SSL,MTLS:SSL"

	const login = "org.apache.kafka.common.security."
	p["listener.name.sasl.sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"
	p["listener.name.sasl.plain.sasl.jaas.config"] = fmt.Sprintf("%splain.PlainLoginModule required user_%s=%q;", login, User, Password)
	p["listener.name.sasl.scram-sha-256.sasl.jaas.config"] = login + "scram.ScramLoginModule required;"
	p["listener.name.sasl.scram-sha-512.sasl.jaas.config"] = login + "scram.ScramLoginModule required;"
	for _, name := range []string{"tls", "mtls"} {
		prefix := "listener.name." + name + ".ssl."
		p[prefix+"keystore.type"], p[prefix+"keystore.location"] = "PEM", k.TLS.server
		p[prefix+"truststore.type"], p[prefix+"truststore.location"] = "PEM", k.TLS.CA
	}
	p["listener.name.mtls.ssl.client.auth"] = "required"
}

// scramUsers are the flags that give the user a SCRAM password when the folder is formatted.
func scramUsers() []string {
	var flags []string
	for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
		flags = append(flags, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, User, Password))
	}
	return flags
}
