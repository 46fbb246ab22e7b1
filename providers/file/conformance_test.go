package file_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/evhub/evhub/providers/file"
	"github.com/evhub/evhub/providers/providertest"
)

func TestContract(t *testing.T) {
	for _, fsync := range []file.Fsync{file.Always, file.Interval, file.Never} {
		t.Run("fsync "+fsync.String(), func(t *testing.T) {
			providertest.Run(t, func(t *testing.T) providertest.Target {
				path := filepath.Join(t.TempDir(), "events.jsonl")
				dial, caps := open(t, path, func(c *file.Config) { c.Fsync = fsync })
				return providertest.Target{Dial: dial, Caps: caps, Far: providertest.FarEnd{
					Received: func() [][]byte {
						data, err := os.ReadFile(path)
						if err != nil && !os.IsNotExist(err) {
							t.Error(err)
						}
						return bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
					},
				}}
			})
		})
	}
}
