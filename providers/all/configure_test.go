package all_test

import (
	"io"
	"net"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evhub/evhub/providers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// parrot is a server that says what it hears.
func parrot(t *testing.T) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				if conn.SetDeadline(time.Now().Add(2*time.Second)) == nil {
					_, _ = io.Copy(conn, conn)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		serving.Wait()
	})
	return ln.Addr().String()
}

// field returns the field of a struct that has this key.
func field(v reflect.Value, key string) reflect.Value {
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ","); name == key {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

// fill sets the fields of a struct by their keys.
func fill(t *testing.T, into reflect.Value, values map[string]any) {
	t.Helper()
	for key, value := range values {
		f := field(into, key)
		if !f.IsValid() {
			t.Fatalf("no key %s in %s", key, into.Type())
		}
		switch v := value.(type) {
		case map[string]any:
			fill(t, f, v)
		case string:
			if f.Kind() == reflect.Int {
				n, err := strconv.Atoi(v)
				if err != nil {
					t.Fatal(err)
				}
				f.SetInt(int64(n))
				continue
			}
			f.Set(reflect.ValueOf(v).Convert(f.Type()))
		default:
			f.Set(reflect.ValueOf(v).Convert(f.Type()))
		}
	}
}

// setSecret sets the secret at a path of keys; a map of secrets gets one entry.
func setSecret(into reflect.Value, path []string, text string) {
	f := field(into, path[0])
	switch {
	case len(path) > 1:
		setSecret(f, path[1:], text)
	case f.Kind() == reflect.Map:
		f.Set(reflect.ValueOf(map[string]providers.Secret{"X-Key": providers.NewSecret(text)}))
	default:
		f.Set(reflect.ValueOf(providers.NewSecret(text)))
	}
}
