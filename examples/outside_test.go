package examples_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A provider in a folder outside of this repository is compiled into a binary of its own, as docs/own-plugin.md says, and
// delivers.
func TestOwnProviderInAModuleOfItsOwn(t *testing.T) {
	module, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	page := read(t, "../docs/own-plugin.md")
	write(t, filepath.Join(dir, "main.go"), block(t, page, "go"))
	_, inGo, _ := strings.Cut(page, "## In Go")
	write(t, filepath.Join(dir, "acct.yaml"), block(t, inGo, "yaml"))
	for _, name := range []string{"provider.go", "session.go"} {
		write(t, filepath.Join(dir, "lines", name), read(t, filepath.Join("own-provider", "lines", name)))
	}
	write(t, filepath.Join(dir, "go.mod"), fmt.Sprintf(`module example.com/desk

go 1.26

require github.com/evhub/evhub v0.0.0

replace github.com/evhub/evhub => %s
`, module))
	write(t, filepath.Join(dir, "go.sum"), read(t, "../go.sum"))
	program := goBuild(t, dir, ".", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		defer close(got)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprintln(conn, "ok")
		for in := bufio.NewScanner(conn); in.Scan(); {
			id, body, _ := strings.Cut(in.Text(), " ")
			fmt.Fprintln(conn, "ok", id)
			got <- body
		}
	}()
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Dir, cmd.Stderr = dir, t.Output()
	cmd.Env = append(os.Environ(), "LINES_ADDRESS="+listener.Addr().String())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if body, want := <-got, `{"tags": {}, "message": "Ada", "run_name": "cli"}`; body != want {
		t.Errorf("the receiver got %s, want %s", body, want)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	listener.Close()
	if body, more := <-got; more {
		t.Errorf("the receiver also got %s", body)
	}
}

// block returns the first block of code of a language.
func block(t *testing.T, page, language string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, "\n```"+language+"\n")
	text, _, ended := strings.Cut(rest, "\n```\n")
	if !found || !ended {
		t.Fatalf("no block of %s", language)
	}
	return text + "\n"
}
