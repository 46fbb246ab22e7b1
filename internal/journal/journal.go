package journal

// Journal is an open journal. Its methods may be called concurrently, but Append by one goroutine at a time.
type Journal struct{}
