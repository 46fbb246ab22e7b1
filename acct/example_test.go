package acct_test

import (
	"fmt"

	"github.com/evhub/evhub/acct"
)

// An acct file with two mistakes in its kafka section: both are reported, each with its place.
func Example() {
	type settings struct {
		Topics     []string `yaml:"topics"`
		Connection struct {
			BootstrapServers string `yaml:"bootstrap_servers"`
		} `yaml:"connection"`
	}
	file, err := acct.Parse("acct.yaml", []byte(`
kafka:
  "idem-*":
    topics: [idem-events]
    connection: {bootstrap_servers: "localhost:9092"}
  idem-status:
    topics: idem-events
    connection:
      bootstap_servers: localhost:9092
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	entries, _, err := file.Entries([]string{"kafka"})
	if err != nil {
		fmt.Println(err)
	}
	for _, entry := range entries {
		var s settings
		if err := entry.Decode(&s); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(entry.Pattern, s.Topics, s.Connection.BootstrapServers)
	}
	// Output:
	// idem-* [idem-events] localhost:9092
	// acct.yaml:7: kafka.idem-status.topics: want a list such as [a, b], not a single value
	// acct.yaml:9: kafka.idem-status.connection.bootstap_servers: unknown key; did you mean bootstrap_servers?
}
