package providertest

import (
	"context"
	"testing"
)

// TB is the part of [testing.TB] that the cases use.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// testCase checks one or more sentences of the contract.
type testCase struct {
	// name is the name of the subtest.
	name string
	// rules are the sentences of the contract that the case checks, as providers/session.go has them.
	rules []string
	check func(*probe)
}

// Run checks the provider that newTarget returns against the contract of package providers. Each sentence of the
// contract is a case, run as a subtest of that name; a case that needs a fault which the far end does not know, or an
// order which the provider does not declare, is skipped with that reason. newTarget is called at least once for each
// case and cleans up through t.
//
// Run uses the wall clock, with waits of some hundred milliseconds, and does not run its cases in parallel, because
// one of them looks for goroutines left behind.
func Run(t *testing.T, newTarget func(t *testing.T) Target) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			c.check(&probe{TB: t, rules: c.rules, newTarget: func() Target { return newTarget(t) }})
		})
	}
}

func cases() []testCase {
	var all []testCase
	for _, group := range [][]testCase{useCases, endCases, faultCases, outcomeCases} {
		all = append(all, group...)
	}
	return all
}
