package integration

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// callbackPassword has what Basic authentication has had trouble with: a colon, and a character beyond ASCII.
const callbackPassword = "s3cret:päss"

// TestCallbackPlugin runs the playbook of a recorded run, whose plugin posted to the API by itself, with evhub between.
func TestCallbackPlugin(t *testing.T) {
	a := newAnsibleCallback(t)
	a.write("password", callbackPassword+"\n")
	a.write("token", "t0ken-t0ken-t0ken-t0ken\n")
	api, _ := a.start("mock-api", "--listen", "127.0.0.1:0", "--username", "admin", "--password-file", "password")
	a.write("acct.yaml", `
http:
  ansible-task:
    {url: "`+api[0]+`/api/v1/results", username: admin, password: {file: password}, format: raw,
     outputs: {state: $.state, task_name: $.task_name, task_output: $.task_output}}
  renamed:
    {url: "`+api[0]+`/api/v1/results", username: admin, password: {file: password}, format: raw}
`)
	hub, stop := a.start("serve", "-f", "acct.yaml", "--listen", "unix:evhub.sock", "--listen", "127.0.0.1:0", "--token-file", "token", "--journal", "journal")

	t.Log("settings from the file, and outputs of the provider")
	a.play("recorded.yml")

	t.Log("settings from the play, above the file, and from extra vars, above the play; outputs of the plugin")
	a.write("callback_plugins/plugin_config.ini",
		"[inputs]\ncallback_url = unix:no.sock\npassword = wrong\n[outputs]\nstate = status\ntask_name = task_name\ntask_output = output_text\n")
	a.addVariables("callback_url: unix:none.sock", `password: "{{ lookup('file', playbook_dir + '/token') }}"`, `profile: "{{ 'renamed' }}"`)
	a.play("recorded.yml", "-e", "callback_url="+hub[1])

	stop() // which delivers what is left
	want := append(recordedPosts(t, "posts.jsonl"), recordedPosts(t, "posts-renamed-outputs.jsonl")...)
	if diff := cmp.Diff(want, taken(t, api[0], callbackPassword)); diff != "" {
		t.Errorf("the API has (-want +got):\n%s", diff)
	}
}

// TestCallbackPluginNeverFailsAPlay has an endpoint that repeats the password, then one that does not answer, then one
// that hangs up. After that the plugin leaves it alone.
func TestCallbackPluginNeverFailsAPlay(t *testing.T) {
	a := newAnsibleCallback(t)
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch requests.Add(1) {
		case 1:
			_, password, _ := r.BasicAuth()
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"error": "no to %s, and to %s"}`, password, r.Header.Get("Authorization"))
		case 2:
			<-r.Context().Done()
		default:
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	a.write("callback_plugins/plugin_config.ini", "[inputs]\ncallback_url = "+server.URL+"\ntimeout = 0.5\n")
	out := a.play("recorded.yml", "-e", "username=operator", "-e", "password=hunter2-hunter2")
	for _, want := range []string{"403 no to [secret], and to [secret]", "TimeoutError", "5 of 5 results were not handed over"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said", want)
		}
	}
	if strings.Contains(out, "hunter2") || requests.Load() != 3 {
		t.Errorf("%d requests, want 3; what was said:\n%s", requests.Load(), out)
	}
	out = a.play("recorded.yml", "-e", `{"password": "hunter2\nhunter2"}`)
	if strings.Contains(out, "hunter2") || !strings.Contains(out, "the password has characters that no header can have") || requests.Load() != 3 {
		t.Errorf("a password of two lines: %d requests, want 3; what was said:\n%s", requests.Load(), out)
	}
}
