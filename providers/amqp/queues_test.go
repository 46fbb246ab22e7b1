package amqp_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/providers/amqp/internal/amqptest"
)

func TestQueuesOfProfilesAreDeclaredAtTheirFirstEventIfMissing(t *testing.T) {
	b := amqptest.Start(t)
	b.AddQueue("there")
	s := session(t, dialFunc(t, b, 5*time.Second, nil))
	if declared := b.Declared(); len(declared) != 0 {
		t.Errorf("declared at dial: %q", declared)
	}
	ms := messages(1, 5)
	ms[1].Profile, ms[2].Profile, ms[3].Profile = "there", "new", "orders"
	wantVerdicts(t, outcomes(t, s, ms), "ddddd")
	if diff := cmp.Diff([]string{"orders", "new"}, b.Declared()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"id-1", "id-2", "id-3", "id-4", "id-5"}, storedIDs(b)); diff != "" {
		t.Error(diff)
	}
	if got := b.LookUps(); got != 3 {
		t.Errorf("%d look-ups of 3 queues", got)
	}
}

// Only its own connection may look at an exclusive queue, but all may publish to it.
func TestExclusiveQueueOfAnotherConnection(t *testing.T) {
	b := amqptest.Start(t)
	b.LockQueue("orders")
	s := session(t, dialFunc(t, b, 5*time.Second, nil))
	wantVerdicts(t, outcomes(t, s, messages(1, 2)), "dd")
	if declared := b.Declared(); len(declared) != 0 {
		t.Errorf("declared %q", declared)
	}
}

func TestFixedRoutingKeyDeclaresNothing(t *testing.T) {
	b := amqptest.Start(t)
	s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
	wantVerdicts(t, outcomes(t, s, messages(1, 1)), "d")
	if declared := b.Declared(); len(declared) != 0 {
		t.Errorf("declared %q", declared)
	}
}

func TestProfilesThatCannotNameQueuesAreRefused(t *testing.T) {
	b := amqptest.Start(t)
	b.AddQueue("amq.there")
	s := session(t, dialFunc(t, b, 5*time.Second, nil))
	ms := messages(1, 6)
	for i, profile := range []string{"a\r\nb", "", "amq.missing", "amq.there", "tab\tand\x00nul"} {
		ms[i].Profile = profile
	}
	wantVerdicts(t, outcomes(t, s, ms), "pppddd")
	if diff := cmp.Diff([]string{"tab\tand\x00nul", "orders"}, b.Declared()); diff != "" {
		t.Error(diff)
	}
}

func TestADeletedQueueIsLookedUpAgainAfterAReturn(t *testing.T) {
	b := amqptest.Start(t)
	b.AddQueue("orders")
	s := session(t, dialFunc(t, b, 5*time.Second, nil))
	b.Answer(func(*amqptest.Message) amqptest.Answer { return amqptest.Return() })
	wantVerdicts(t, outcomes(t, s, messages(1, 1)), "p")
	b.Answer(func(*amqptest.Message) amqptest.Answer { return amqptest.Ack() })
	b.RemoveQueue("orders")
	wantVerdicts(t, outcomes(t, s, messages(2, 2)), "d")
	if diff := cmp.Diff([]string{"orders"}, b.Declared()); diff != "" {
		t.Error(diff)
	}
}
