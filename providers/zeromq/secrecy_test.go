package zeromq_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/zeromq"
	"github.com/evhub/evhub/providers/zeromq/internal/zmtp"
)

// TestEchoedPasswordIsInNoError has peers that refuse a password and repeat it, at once or in the middle of the session.
func TestEchoedPasswordIsInNoError(t *testing.T) {
	for _, password := range []string{"hunter2-hunter2", `hunter2"\hunter2`} {
		for name, before := range map[string][]byte{
			"at once": nil,
			"later": zmtp.AppendCommand(zmtp.AppendCommand(nil, "WELCOME"),
				zmtp.Ready, []byte("\x0bSocket-Type\x00\x00\x00\x04PULL")),
		} {
			t.Run(name+" "+strconv.Quote(password), func(t *testing.T) {
				far := pull()
				far.greeting = append([]byte("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01PLAIN"), make([]byte, 47)...)
				far.greeting = append(far.greeting, before...)
				reason := "no user with " + password
				far.greeting = zmtp.AppendCommand(far.greeting, zmtp.Error, []byte{byte(len(reason))}, []byte(reason))
				address := far.bind(t).address
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				s, err := open(t, func(c *zeromq.Config) {
					to(address)(c)
					c.Username, c.Password = "me", providers.NewSecret(password)
				})(ctx)
				if err == nil {
					defer s.Close(t.Context())
					err = s.Send(ctx, bodies("a")).Wait(ctx)
				}
				if err == nil || !strings.Contains(err.Error(), "no user with [secret]") || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}
