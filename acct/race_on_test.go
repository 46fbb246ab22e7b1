//go:build race

package acct_test

const slower = 20
