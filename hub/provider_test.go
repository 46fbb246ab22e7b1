package hub_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
)

// odd is a session of a provider that breaks the contract once and is right from then on.
type odd struct {
	once func(ms []providers.Message) providers.Flight
	got  *[]string
}

func (s *odd) Send(_ context.Context, ms []providers.Message) providers.Flight {
	if once := s.once; once != nil {
		s.once = nil
		return once(ms)
	}
	for _, m := range ms {
		*s.got = append(*s.got, m.ID)
	}
	return providers.Done(nil)
}

func (s *odd) Close(context.Context) error { return errors.New("a Close that fails changes nothing") }

// What a provider does against the contract costs a retry, and never an event.
func TestAProviderThatBreaksTheContractLosesNothing(t *testing.T) {
	refused := providers.Permanent(errors.New("refused"))
	for name, once := range map[string]func(ms []providers.Message) providers.Flight{
		"no flight": func([]providers.Message) providers.Flight { return nil },
		"too few outcomes": func([]providers.Message) providers.Flight {
			return providers.Done(&providers.BatchError{Errs: []error{refused}})
		},
		"too many outcomes": func(ms []providers.Message) providers.Flight {
			return providers.Done(&providers.BatchError{Errs: make([]error, len(ms)+1)})
		},
		"no session": nil,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var got []string
				dials := 0
				dial := func(context.Context) (providers.Session, error) {
					if dials++; dials == 1 && once == nil {
						return nil, nil
					}
					s := &odd{got: &got}
					if dials == 1 {
						s.once = once
					}
					return s, nil
				}
				h, err := hub.Open(t.Context(), parse(t, `odd: {p: {}}`), hub.WithProviders(oddProvider(dial)))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := h.PutAll(t.Context(), events("e", 5)); err != nil {
					t.Fatal(err)
				}
				if err := h.Close(within(t, time.Minute)); err != nil {
					t.Error(err)
				}
				if len(got) != 5 || dials != 2 {
					t.Errorf("got %v after %d dials", got, dials)
				}
			})
		})
	}
}

func oddProvider(dial providers.Dial) providers.Provider {
	return providers.Define(providers.Spec[struct{}]{
		Name:    "odd",
		Caps:    func(struct{}) providers.Caps { return providers.Caps{Acked: true, Order: providers.Full} },
		Address: func(struct{}) string { return "odd" },
		Open:    func(struct{}, providers.Env) (providers.Dial, error) { return dial, nil },
	})
}
