package brokers

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// freePorts finds n free ports of the loopback address. They lie below those that the system gives to
// outgoing connections, so that nobody takes one while its server is down.
func freePorts(n int) ([]int, error) {
	const lowest, count, tries = 10000, 10000, 200
	var ports []int
	for range tries {
		if len(ports) == n {
			return ports, nil
		}
		port := lowest + rand.IntN(count)
		ln, err := net.Listen("tcp", loopback(port))
		if err != nil {
			continue
		}
		defer ln.Close() // kept until all are found, so that they differ
		ports = append(ports, port)
	}
	return nil, fmt.Errorf("no %d free ports from %d on after %d tries", n, lowest, tries)
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
