// Package integration tests evhub against real brokers. Its harness_ files prove that the harness works.
package integration

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/evhub/evhub/integration/brokers"
)

// pool has the brokers that all tests share.
var pool brokers.Pool

func TestMain(m *testing.M) {
	if serveAsChild() {
		return
	}
	code := m.Run()
	_ = os.RemoveAll(builtIn)
	err := pool.Close()
	if err == nil && code == 0 {
		err = goleak.Find()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
