package kafka

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/saslauthenticate"
	"github.com/segmentio/kafka-go/protocol/saslhandshake"
	"github.com/segmentio/kafka-go/sasl"
)

// login goes through a SASL exchange.
func (l *link) login(ctx context.Context, mechanism sasl.Mechanism) error {
	if _, ok := l.versions[protocol.SaslHandshake]; !ok {
		return fmt.Errorf("the broker offers no SASL login; check security_protocol")
	}
	answer, err := l.exchange(1, &saslhandshake.Request{Mechanism: mechanism.Name()})
	if err != nil {
		return err
	}
	if r := answer.(*saslhandshake.Response); r.ErrorCode != 0 {
		return &answerError{code: code(r.ErrorCode), hint: "mechanisms on this listener: " + strings.Join(r.Mechanisms, ", ")}
	}
	machine, token, err := mechanism.Start(ctx)
	if err != nil {
		return err
	}
	for done := false; !done; {
		answer, err := l.exchange(l.versions[protocol.SaslAuthenticate], &saslauthenticate.Request{AuthBytes: token})
		if err != nil {
			return err
		}
		r := answer.(*saslauthenticate.Response)
		if r.ErrorCode != 0 {
			return &answerError{code: code(r.ErrorCode), text: r.ErrorMessage}
		}
		l.setLifetime(r.SessionLifetimeMs)
		if done, token, err = machine.Next(ctx, r.AuthBytes); err != nil {
			return fmt.Errorf("SASL %s: %w", mechanism.Name(), err)
		}
	}
	return nil
}

// setLifetime notes until when the broker accepts requests without a new login. The connection is replaced a little
// before that.
func (l *link) setLifetime(ms int64) {
	if ms > 0 {
		l.expires = time.Now().Add(time.Duration(ms) * time.Millisecond * 4 / 5)
	}
}
