package integration

import (
	"path/filepath"
	"testing"

	"github.com/evhub/evhub/integration/pythons"
)

// needIdem returns an environment with Idem and what it fires events with, in the versions that testdata/idem was captured
// from, and with a library for CloudEvents: one for all tests of Idem.
func needIdem(t *testing.T) pythons.Env {
	t.Helper()
	return pythons.Need(t, "pop-evbus==7.0.1", "evbus-kafka==5.0.0", "evbus-pika==5.0.0", "acct==8.6.2", "pop-serial==2.0.0",
		"aiokafka==0.14.0", "aio-pika==10.2.1", "idem==25.0.1", "cloudevents==2.2.0")
}

// script returns the path of one of the scripts, whatever the directory.
func script(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("scripts", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
