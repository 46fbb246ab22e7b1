package integration

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCallbackPluginOverTLS has an endpoint whose certificate nobody knows, hosts that cannot be reached, tasks that are
// skipped, and variables that are not meant for the plugin.
func TestCallbackPluginOverTLS(t *testing.T) {
	a := newAnsibleCallback(t)
	var mu sync.Mutex
	var got []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var event struct {
			Profile string
			Body    map[string]any
			Tags    map[string]string
		}
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		_, structured := event.Body["result"].(map[string]any)
		if r.Header.Get("Authorization") != "" || r.URL.Path != "/in" || event.Profile != "audit" || !structured || len(event.Body) != 2 {
			t.Errorf("%s %v %+v", r.URL, r.Header, event)
		}
		got = append(got, event.Tags["host"]+" "+event.Tags["task_name"]+" "+event.Tags["state"]+" "+event.Body["what"].(string))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	a.write("callback_plugins/plugin_config.ini", `[inputs]
callback_url = `+server.URL+`/in
profile = audit
send_skipped = true
variable_prefix = x_
colour = red
[outputs]
outcome = what
task_result = result
nonsense = x
`)
	a.write("inventory", `here ansible_connection=local ansible_python_interpreter="{{ ansible_playbook_python }}"
gone ansible_host=127.0.0.1 ansible_port=1
`)
	a.write("tls.yml", `
- {name: Strict, hosts: here, gather_facts: false, tasks: [{name: lost, debug: {}}]}
- name: Lax
  hosts: all
  gather_facts: false
  vars: {x_validate_certs: false, username: not-for-the-plugin, password: not-either}
  tasks:
    - {name: "no", debug: {}, when: false}
    - {name: reach, ping: {}, ignore_unreachable: true}
`)
	out := a.play("tls.yml")
	for _, want := range []string{"SSLCertVerificationError", "[inputs] has no colour", "[outputs] has nonsense", "1 of 5 results were not handed over"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said:\n%s", want, out)
		}
	}
	slices.Sort(got) // the hosts are at work at the same time
	want := []string{"gone no skipped skipped", "gone reach failed unreachable", "here no skipped skipped", "here reach success ok"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the endpoint has (-want +got):\n%s", diff)
	}
}
