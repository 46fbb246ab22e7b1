package main

import "testing"

func TestTopic(t *testing.T) {
	for _, test := range []struct {
		pattern, profile string
		want             bool
	}{
		{"a/b", "a/b", true},
		{"a/b", "a", false},
		{"a/b", "a/b/c", false},
		{"a/+", "a/b", true},
		{"a/+", "a", false},
		{"a/+", "a/b/c", false},
		{"+/b", "/b", true},
		{"a/#", "a", true},
		{"a/#", "a/b/c", true},
		{"a/#", "ab", false},
		{"#", "", true},
		{"+/+", "a/b", true},
	} {
		m, err := compileTopic(test.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Match(test.profile); got != test.want {
			t.Errorf("pattern %q, profile %q: %v, want %v", test.pattern, test.profile, got, test.want)
		}
	}
}

func TestTopicRefusesMistakes(t *testing.T) {
	for _, pattern := range []string{"#/a", "a+", "a/b#", "a/#/#"} {
		if _, err := compileTopic(pattern); err == nil {
			t.Errorf("pattern %q was taken", pattern)
		}
	}
}
