//go:build linux && !amd64

package crash

func traceAsChild() bool { return false }
