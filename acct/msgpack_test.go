package acct_test

import (
	"bytes"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/evhub/evhub/acct"
)

func TestMsgpackValues(t *testing.T) {
	var buf bytes.Buffer
	enc := msgpack.NewEncoder(&buf)
	write := func(values ...any) {
		t.Helper()
		if err := enc.EncodeMulti(values...); err != nil {
			t.Fatal(err)
		}
	}
	// {b"kafka": {True: {...}, 7: None}} with the keys of a map in this order.
	check(t, enc.EncodeMapLen(1))
	write([]byte("kafka"))
	check(t, enc.EncodeMapLen(2))
	write(true)
	check(t, enc.EncodeMapLen(8))
	write("text", []byte("bytes"), "int", int64(-5), "size", uint64(math.MaxUint64), "float", 1.5, "flag", true,
		"map", map[string]any{"f": float32(2), "i": math.Inf(1), "j": math.Inf(-1), "n": math.NaN()}, "list", []any{"a", 1}, "inner", time.Date(2024, 3, 19, 12, 0, 0, 123456000, time.UTC))
	write(7, nil)
	path, key := sealFile(t, buf.Bytes())
	f, err := acct.Load(path, acct.Options{Key: key, Getenv: noEnv})
	check(t, err)
	entries, _, err := f.Entries(ourNames)
	check(t, err)
	if len(entries) != 2 || entries[0].Pattern != "true" || entries[1].Pattern != "7" {
		t.Fatalf("entries %v", entries)
	}
	var got config
	check(t, entries[0].Decode(&got))
	want := config{Text: "bytes", Int: -5, Size: math.MaxUint64, Float: 1.5, Flag: true, Map: map[string]string{"f": "2.0", "i": ".inf", "j": "-.inf", "n": ".nan"},
		List: []string{"a", "1"}, inlined: inlined{"2024-03-19 12:00:00.123456+00:00"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(config{})); diff != "" {
		t.Error(diff)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestNothingAtAll reads what acct makes of an empty file.
func TestNothingAtAll(t *testing.T) {
	path, key := sealFile(t, []byte("\xc0"))
	f, err := acct.Load(path, acct.Options{Key: key, Getenv: noEnv})
	check(t, err)
	if got, err := f.YAML(); string(got) != "{}\n" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

func TestMsgpackErrors(t *testing.T) {
	notMapping := "decrypts, but holds no msgpack mapping; encrypt it with acct's default serial plugin (msgpack)"
	deep := append(bytes.Repeat([]byte{0x81, 0xa1, 'a'}, 70), 0xc0)
	for name, tt := range map[string]struct{ plain, want string }{
		"YAML":            {"kafka: {}\n", notMapping},
		"nothing":         {"", notMapping},
		"a list":          {"\x90", notMapping},
		"truncated":       {"\x81\xa5kaf", notMapping},
		"huge map":        {"\xdf\xff\xff\xff\xff", notMapping},
		"huge text":       {"\x81\xdb\xff\xff\xff\xffa", notMapping},
		"huge binary":     {"\x81\xa1a\xc6\xff\xff\xff\xffa", notMapping},
		"binary":          {"\x81\xa1a\xc4\x01\xff", "is binary data that is no UTF-8 text, which acct cannot read back from an encrypted file"},
		"huge extension":  {"\x81\xa1a\xc9\xff\xff\xff\xff\xff", notMapping},
		"other extension": {"\x81\xa1a\xd4\x05\x00", notMapping},
		"trailing":        {"\x80\x80", notMapping},
		"no UTF-8":        {"\x81\xa1a\xa1\xff", notMapping},
		"deep":            {string(deep), "is nested over 64 levels deep"},
		"many":            {"\x81\xa1a\xdd\x00\x01\x00\x00" + strings.Repeat("\xc0", 1<<16), "has over 50,000 keys, values and lines, counting what aliases stand for; split the file"},
		"duplicate":       {"\x82\xa1a\xc0\xa1a\xc0", "a: duplicate key; remove one"},
		"mapping as key":  {"\x81\x80\xc0", quoteKey},
	} {
		t.Run(name, func(t *testing.T) {
			path, key := sealFile(t, []byte(tt.plain))
			checkLoad(t, path, acct.Options{Key: key}, tt.want)
		})
	}
}

func TestMsgpackBombsTakeLittleMemory(t *testing.T) {
	for name, plain := range map[string]string{
		"nodes":  "\x81\xa1a\xdd\x00\x0a\x00\x00" + strings.Repeat("\xc0", 0xa0000),
		"levels": strings.Repeat("\x91", 700_000),
		"binary": "\x81\xa1a\xc6\x7f\xff\xff\xffa",
	} {
		t.Run(name, func(t *testing.T) {
			path, key := sealFile(t, []byte(plain))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := acct.Load(path, acct.Options{Key: key, Getenv: noEnv})
			runtime.ReadMemStats(&after)
			if allocated := after.TotalAlloc - before.TotalAlloc; err == nil || allocated > 32*mib {
				t.Errorf("allocated %d MiB, error %v", allocated/mib, err)
			}
		})
	}
}
