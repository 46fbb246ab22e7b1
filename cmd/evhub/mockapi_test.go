package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestMockAPIRefusesFlags(t *testing.T) {
	empty := write(t, "password", "\n")
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"argument":       {[]string{"x"}, "takes no arguments"},
		"status":         {[]string{"--fail", "200"}, "--fail 200: want a status from 400 to 599"},
		"rate":           {[]string{"--fail", "503", "--rate", "1.5"}, "--rate 1.5: want a share"},
		"no number":      {[]string{"--fail", "503", "--rate", "NaN"}, "--rate NaN: want a share"},
		"rate alone":     {[]string{"--rate", "0.5"}, "give --fail too"},
		"delay":          {[]string{"--delay", "-1s"}, "--delay must not be negative"},
		"keep":           {[]string{"--keep", "0"}, "--keep must be at least 1"},
		"colon":          {[]string{"--username", "a:b"}, "--username holds a colon"},
		"two passwords":  {[]string{"--password", "a", "--password-file", "b"}, "give one of them"},
		"no file":        {[]string{"--password-file", "/no/such/file"}, "--password-file: open /no/such/file"},
		"empty file":     {[]string{"--password-file", empty}, "is empty"},
		"no port":        {[]string{"--listen", "localhost"}, `--listen "localhost": want HOST:PORT`},
		"open to all":    {[]string{"--listen", ":5000"}, "anybody could read"},
		"open to others": {[]string{"--listen", "192.0.2.1:5000"}, "anybody could read"},
	} {
		t.Run(name, func(t *testing.T) {
			evhub(t, "", append([]string{"mock-api"}, tc.args...)...).want(t, exitUsage, tc.want)
		})
	}
}

// mockAPI runs evhub mock-api in this process and returns its address, and a function that ends it.
func mockAPI(t *testing.T, args ...string) (url string, end func() result) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	var rest, said strings.Builder
	code, read := make(chan int, 1), make(chan struct{})
	go func() {
		code <- run(ctx, append([]string{"mock-api", "--listen", "127.0.0.1:0"}, args...), newConsole(strings.NewReader(""), writer, &said))
		writer.Close()
	}()
	out := bufio.NewReader(reader)
	line, err := out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(read)
		_, _ = io.Copy(&rest, out)
	}()
	url = address(t, line)
	return url, func() result {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		<-read
		return result{<-code, rest.String(), said.String()}
	}
}

// address finds the address in the line that says where the command listens.
func address(t *testing.T, line string) string {
	t.Helper()
	at := strings.Index(line, "http://")
	if at < 0 {
		t.Fatalf("the first line is %q", line)
	}
	return strings.TrimRight(line[at:], "\"]}\n")
}

func post(t *testing.T, url, body string) int {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func TestMockAPIShowsPosts(t *testing.T) {
	url, end := mockAPI(t)
	post(t, url+"/api/v1/results", "{\"state\": \"ok\",\n \"x\": \"\x1b[31m\"}")
	post(t, url+"/\u009b", strings.Repeat("é", 200))
	end().want(t, exitDone,
		"1 POST /api/v1/results 200 {\"state\": \"ok\",%0A \"x\": \"%1B[31m\"}\n",
		"2 POST /%C2%9B 200 "+strings.Repeat("é", 150)+"…\n",
		"2 posts: 2 taken, 0 not")
}

func TestMockAPICompactsJSON(t *testing.T) {
	url, end := mockAPI(t)
	post(t, url, "{\"a\": 1,\n \"b\": [1, 2.50]}")
	end().want(t, exitDone, "1 POST / 200 {\"a\":1,\"b\":[1,2.50]}\n")
}

func TestMockAPIFailsOnDemand(t *testing.T) {
	url, end := mockAPI(t, "--fail", "503", "--rate", "0.5", "--seed", "3", "--username", "me", "--password-file", write(t, "password", "hunter2\n"), "-o", "json")
	if status := post(t, url, "1"); status != 401 {
		t.Errorf("without credentials: %d", status)
	}
	failed := 0
	for range 20 {
		if post(t, strings.Replace(url, "//", "//me:hunter2@", 1), "1") == 503 {
			failed++
		}
	}
	r := end()
	r.want(t, exitDone, "21 posts: ")
	lines := r.lines(t)
	if failed == 0 || failed == 20 || len(lines) != 21 || lines[0]["status"] != 401.0 || lines[1]["user"] != "me" {
		t.Errorf("%d of 20 failed, %d lines: %s", failed, len(lines), r.out)
	}
	if strings.Contains(r.out+r.err, "hunter2") {
		t.Errorf("the password is told: %s%s", r.out, r.err)
	}
}

func TestMockAPIAddressInUse(t *testing.T) {
	url, end := mockAPI(t)
	evhub(t, "", "mock-api", "--listen", strings.TrimPrefix(url, "http://")).want(t, exitFailure, "--listen 127.0.0.1:", "in use")
	end()
}
