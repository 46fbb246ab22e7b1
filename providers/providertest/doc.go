// Package providertest checks a provider against the contract of package providers: each sentence of the contract is
// a named case of [Run]. It also holds [Fake], a provider and its broker in memory, scripted message by message, for
// tests of what stands on top of providers.
//
// A provider adopts the suite with a function that returns a fresh [Target] for each case:
//
//	func TestContract(t *testing.T) {
//		providertest.Run(t, func(t *testing.T) providertest.Target {
//			server := startServer(t)
//			return providertest.Target{
//				Dial: dialTo(t, server),
//				Caps: caps,
//				Far:  providertest.FarEnd{Received: server.bodies, Refuse: server.refuse, Cut: server.cut},
//			}
//		})
//	}
package providertest
