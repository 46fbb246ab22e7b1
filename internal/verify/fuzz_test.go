package main

import "testing"

func TestWhichFuzzingOnlyRanOutOfTime(t *testing.T) {
	for out, want := range map[string]bool{
		"fuzz: elapsed: 3s, execs: 7 (0/sec)\n--- FAIL: FuzzX (3.05s)\n    context deadline exceeded\nFAIL\nexit status 1\nFAIL\tpkg\t3s\n":                         true,
		"--- FAIL: FuzzX (3.05s)\n    --- FAIL: FuzzX (0.00s)\n        x_test.go:9: context deadline exceeded\n    \n    Failing input written to testdata\nFAIL\n": false,
		"--- FAIL: FuzzX (3.05s)\n    fuzzing process hung or terminated unexpectedly: exit status 2\n    context deadline exceeded\nFAIL\n":                        false,
		"--- FAIL: FuzzX (3.05s)\n    context deadline exceeded\n    Failing input written to testdata/fuzz/FuzzX/1\nFAIL\n":                                        false,
		"# pkg\nx_test.go:1:1: expected declaration\nFAIL\tpkg [setup failed]\n":                                                                                    false,
		"": false,
	} {
		if got := onlyOutOfTime([]byte(out)); got != want {
			t.Errorf("%v, want %v, of:\n%s", got, want, out)
		}
	}
}
