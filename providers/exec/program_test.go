//go:build unix

package exec_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/evhub/evhub/providers/providertest"
)

// farVariable makes this test's own binary the program: it names the folder by which the tests and the program speak.
const farVariable = "EVHUB_TEST_FAR"

// program answers as the files of the folder want it: ACTION-ID does something to one message, and is taken away.
func program(dir string) {
	mark := filepath.Join(dir, "pid-"+strconv.Itoa(os.Getpid()))
	check(os.WriteFile(mark, nil, 0o600))
	defer os.Remove(mark)
	fmt.Println(`{"ready": true}`)
	for in := bufio.NewReader(os.Stdin); ; {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		var e struct {
			Seq  uint64
			ID   string
			Body json.RawMessage
		}
		check(json.Unmarshal([]byte(line), &e))
		if taken(dir, "lose-message", e.ID) {
			os.Exit(3)
		}
		if taken(dir, "refuse", e.ID) {
			fmt.Printf(`{"seq": %d, "error": "never", "permanent": true}`+"\n", e.Seq)
			continue
		}
		if taken(dir, "fail", e.ID) {
			fmt.Printf(`{"seq": %d, "error": "not now"}`+"\n", e.Seq)
			continue
		}
		store(dir, e.Body)
		if taken(dir, "lose-answer", e.ID) {
			os.Exit(4)
		}
		for tick := time.Tick(2 * time.Millisecond); exists(dir, "stall"); {
			<-tick
		}
		fmt.Printf(`{"seq": %d}`+"\n", e.Seq)
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

func taken(dir, action, id string) bool {
	return os.Remove(filepath.Join(dir, action+"-"+id)) == nil
}

func store(dir string, body []byte) {
	f, err := os.OpenFile(filepath.Join(dir, "stored"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	check(err)
	_, err = f.Write(append(body, '\n'))
	check(err)
	check(f.Close())
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
