package mockapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/evhub/evhub/cmd/evhub/internal/mockapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// call makes a request; credentials are a user name and a password.
func call(t *testing.T, s *mockapi.Server, method, path, body string, credentials ...string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if len(credentials) == 2 {
		r.SetBasicAuth(credentials[0], credentials[1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

func statuses(t *testing.T, s *mockapi.Server, posts int) (text string) {
	t.Helper()
	for i := range posts {
		status, _ := call(t, s, "POST", "/", fmt.Sprint(i))
		text += fmt.Sprint(status, " ")
	}
	return text
}

func TestPostsAreKeptAndListed(t *testing.T) {
	var shown []mockapi.Post
	s := mockapi.New(mockapi.Options{Keep: 10, Show: func(p mockapi.Post) { shown = append(shown, p) }})
	for _, body := range []string{`{"b": 1e30, "a": "<é>"}`, "no json", "\xff\xfe", ""} {
		if status, text := call(t, s, "POST", "/api?x=1", body); status != 200 {
			t.Errorf("%q: %d %s", body, status, text)
		}
	}
	call(t, s, "PUT", "/other", "1")
	_, got := call(t, s, "GET", "/anything", "")
	want := `{"received":5,"taken":5,"failed":0,"forgotten":0,"posts":[` +
		`{"n":1,"method":"POST","path":"/api?x=1","status":200,"body":{"b":1e30,"a":"<é>"}},` +
		`{"n":2,"method":"POST","path":"/api?x=1","status":200,"text":"no json"},` +
		`{"n":3,"method":"POST","path":"/api?x=1","status":200,"base64":"//4="},` +
		`{"n":4,"method":"POST","path":"/api?x=1","status":200},` +
		`{"n":5,"method":"PUT","path":"/other","status":200,"body":1}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(shown) != 5 || shown[0].N != 1 || string(shown[0].Body) != `{"b": 1e30, "a": "<é>"}` {
		t.Errorf("shown %+v", shown)
	}
}

func TestEmptyListing(t *testing.T) {
	if _, got := call(t, mockapi.New(mockapi.Options{Keep: 1}), "GET", "/", ""); got != `{"received":0,"taken":0,"failed":0,"forgotten":0,"posts":[]}` {
		t.Errorf("got %s", got)
	}
}

func TestOnlyTheNewestAreKept(t *testing.T) {
	s := mockapi.New(mockapi.Options{Keep: 3})
	statuses(t, s, 5)
	_, text := call(t, s, "GET", "/", "")
	var got mockapi.Listing
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if got.Taken != 5 || got.Forgotten != 2 || len(got.Posts) != 3 || got.Posts[0].N != 3 {
		t.Errorf("got %+v", got)
	}
}

func TestBytesThatAreKeptAreBounded(t *testing.T) {
	s := mockapi.New(mockapi.Options{Keep: 1000})
	body := `"` + strings.Repeat("x", 1<<20-2) + `"`
	for range 66 {
		if status, _ := call(t, s, "POST", "/", body); status != 200 {
			t.Fatal(status)
		}
	}
	if c := s.Counts(); c.Forgotten != 2 {
		t.Errorf("counts %+v", c)
	}
	if status, _ := call(t, s, "POST", "/", body+" "); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body above the limit: %d", status)
	}
}

func TestCredentials(t *testing.T) {
	s := mockapi.New(mockapi.Options{Username: "admin", Password: "s3cret:päss", Keep: 10})
	for name, tc := range map[string]struct {
		credentials []string
		want        int
	}{
		"none":           {nil, 401},
		"right":          {[]string{"admin", "s3cret:päss"}, 200},
		"Latin-1":        {[]string{"admin", "s3cret:p\xe4ss"}, 200},
		"wrong password": {[]string{"admin", "s3cret:pass"}, 401},
		"wrong user":     {[]string{"root", "s3cret:päss"}, 401},
		"no password":    {[]string{"admin", ""}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			for _, method := range []string{"POST", "GET"} {
				status, text := call(t, s, method, "/", "{}", tc.credentials...)
				if status != tc.want || strings.Contains(text, "s3cret") {
					t.Errorf("%s: %d %s, want %d", method, status, text, tc.want)
				}
			}
		})
	}
	if c := s.Counts(); c.Taken != 2 || c.Failed != 4 {
		t.Errorf("counts %+v", c)
	}
}

func TestPasswordAlone(t *testing.T) {
	s := mockapi.New(mockapi.Options{Password: "hunter2", Keep: 1})
	for password, want := range map[string]int{"hunter2": 200, "": 401} {
		if status, _ := call(t, s, "POST", "/", "{}", "", password); status != want {
			t.Errorf("%q: %d", password, status)
		}
	}
	if status, _ := call(t, s, "POST", "/", "{}"); status != 401 {
		t.Errorf("no credentials: %d", status)
	}
}

func TestPasswordBeyondLatin1(t *testing.T) {
	s := mockapi.New(mockapi.Options{Username: "admin", Password: "世", Keep: 1})
	for password, want := range map[string]int{"世": 200, "": 401, "\x16": 401} {
		if status, _ := call(t, s, "POST", "/", "{}", "admin", password); status != want {
			t.Errorf("%q: %d", password, status)
		}
	}
}

func TestFailures(t *testing.T) {
	bad := func(rate float64, seed uint64) *mockapi.Server {
		return mockapi.New(mockapi.Options{Keep: 1000, Fail: 503, Rate: rate, Seed: seed})
	}
	if got := statuses(t, bad(1, 1), 3); got != "503 503 503 " {
		t.Errorf("rate 1: %s", got)
	}
	if got := statuses(t, bad(0, 1), 3); got != "200 200 200 " {
		t.Errorf("rate 0: %s", got)
	}
	some := bad(0.3, 7)
	first := statuses(t, some, 200)
	if n := some.Counts().Failed; n < 40 || n > 80 || some.Counts().Taken != 200-n {
		t.Errorf("rate 0.3: %+v", some.Counts())
	}
	if again := statuses(t, bad(0.3, 7), 200); again != first {
		t.Error("the same seed has other failures")
	}
	if other := statuses(t, bad(0.3, 8), 200); other == first {
		t.Error("another seed has the same failures")
	}
}

func TestOtherMethods(t *testing.T) {
	if status, _ := call(t, mockapi.New(mockapi.Options{Keep: 1}), "DELETE", "/", ""); status != http.StatusMethodNotAllowed {
		t.Errorf("status %d", status)
	}
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mockapi.New(mockapi.Options{Keep: 1, Delay: 2 * time.Second})
		start := time.Now()
		if status, _ := call(t, s, "POST", "/", "1"); status != 200 || time.Since(start) != 2*time.Second {
			t.Errorf("status %d after %v", status, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, "POST", "/", strings.NewReader("2"))
		s.ServeHTTP(httptest.NewRecorder(), r)
		if d := time.Since(start); d != 3*time.Second || s.Counts().Received != 1 {
			t.Errorf("a request whose end has come took until %v, counts %+v", d, s.Counts())
		}
	})
}

// TestOverTheNetwork has a key and a type, as evhub sends them.
func TestOverTheNetwork(t *testing.T) {
	server := httptest.NewServer(mockapi.New(mockapi.Options{Keep: 1}))
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/in", strings.NewReader(`[1]`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", "id-1")
	r.SetBasicAuth("me", "hunter2")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	response, err = http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got mockapi.Listing
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := mockapi.Post{N: 1, Method: "POST", Path: "/in", Status: 200, User: "me", ContentType: "application/json", IdempotencyKey: "id-1", Body: json.RawMessage(`[1]`)}
	if diff := cmp.Diff([]mockapi.Post{want}, got.Posts); diff != "" || strings.Contains(string(text), "hunter2") {
		t.Errorf("posts (-want +got):\n%s", diff)
	}
	http.DefaultClient.CloseIdleConnections()
}
