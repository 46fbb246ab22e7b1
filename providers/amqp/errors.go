package amqp

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

var (
	errClosed  = errors.New("the session is closed")
	errNack    = errors.New("the broker refused the message for now (nack); a full queue with x-overflow reject-publish does so")
	errStalled = errors.New("the broker does not answer")
	errWindow  = errors.New("more messages in flight than the provider's window")
)

type tooLongError struct{ bytes int }

func (e *tooLongError) Error() string {
	return fmt.Sprintf("%d bytes are too long; AMQP allows %d", e.bytes, maxShortString)
}

// code returns the AMQP code that the broker gave with err, or 0.
func code(err error) int {
	var e *amqp091.Error
	if errors.As(err, &e) && e.Server {
		return e.Code
	}
	return 0
}

// sizeRefusal finds the limit in the text of a PRECONDITION_FAILED for a message that is too large. RabbitMQ says
// "message size 2000 is larger than configured max size 1000"; the code alone could mean other things.
var sizeRefusal = regexp.MustCompile(`(?i)message size \d+\D+(\d+)`)

// sizeLimit returns the size above which the broker refuses a message, if err says so.
func sizeLimit(err error) (limit int, ok bool) {
	var e *amqp091.Error
	if !errors.As(err, &e) || e.Code != amqp091.PreconditionFailed {
		return 0, false
	}
	match := sizeRefusal.FindStringSubmatch(e.Reason)
	if match == nil {
		return 0, false
	}
	limit, err = strconv.Atoi(match[1])
	return limit, err == nil
}
