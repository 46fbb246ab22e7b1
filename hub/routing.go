package hub

// Destinations returns the names of the destinations whose pattern matches profile, in the order of the acct file,
// whatever their filters say. It takes no lock, so that a logger or a hook can ask too.
func (h *Hub) Destinations(profile string) []string {
	var names []string
	for _, d := range h.routing.Load().Route(profile).Destinations {
		names = append(names, d.Name())
	}
	return names
}
