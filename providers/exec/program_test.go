//go:build unix

package exec_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// program is testdata/program.sh, which speaks with the tests by way of a folder.
func program(dir string) configure {
	path, err := filepath.Abs("testdata/program.sh")
	check(err)
	return func(c *execConfig) {
		c.Command = []string{"/bin/sh", path}
		c.Env = map[string]providers.Secret{"FAR": providers.NewSecret(dir)}
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// farEnd is how the conformance suite drives the program.
func farEnd(dir string) providertest.FarEnd {
	touch := func(action string) func(id string) {
		return func(id string) { check(os.WriteFile(filepath.Join(dir, action+"-"+id), nil, 0o600)) }
	}
	return providertest.FarEnd{
		Received: func() (bodies [][]byte) {
			text, _ := os.ReadFile(filepath.Join(dir, "stored"))
			for line := range strings.Lines(string(text)) {
				bodies = append(bodies, []byte(strings.TrimSuffix(line, "\n")))
			}
			return bodies
		},
		Refuse:      touch("refuse"),
		Fail:        touch("fail"),
		LoseAnswer:  touch("lose-answer"),
		LoseMessage: touch("lose-message"),
		Stall: func() (release func()) {
			stall := filepath.Join(dir, "stall")
			check(os.WriteFile(stall, nil, 0o600))
			return func() { os.Remove(stall) }
		},
		Cut: func() {
			for _, pid := range running(dir) {
				_ = exec.Command("kill", "-9", strconv.Itoa(pid)).Run()
			}
		},
		Connections: func() int { return len(running(dir)) },
	}
}

// running returns the programs that run.
func running(dir string) (pids []int) {
	marks, _ := filepath.Glob(filepath.Join(dir, "pid-*"))
	for _, mark := range marks {
		pid, _ := strconv.Atoi(strings.TrimPrefix(filepath.Base(mark), "pid-"))
		if alive(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}
