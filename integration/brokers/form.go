package brokers

import "os"

// Full reports whether tests run in their full form ("make proof"), with all rounds and real timeouts, rather
// than the short one that "make test" has time for. EVHUB_PROOF says so.
func Full() bool { return os.Getenv("EVHUB_PROOF") != "" }
