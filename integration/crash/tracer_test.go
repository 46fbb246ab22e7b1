//go:build linux

package crash

func traceAsChild() bool { return false }
