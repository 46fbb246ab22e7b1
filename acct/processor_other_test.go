//go:build !unix

package acct_test

import (
	"testing"
	"time"
)

var began = time.Now()

func processorTime(*testing.T) time.Duration { return time.Since(began) }
