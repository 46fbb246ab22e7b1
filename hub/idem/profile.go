package idem

// The profiles of Idem's events. A pattern such as idem-* matches them all.
const (
	ProfileStatus = "idem-status"
	ProfileLow    = "idem-low"
	ProfileHigh   = "idem-high"
	ProfileState  = "idem-state"
	ProfileChunk  = "idem-chunk"
	ProfileRun    = "idem-run"
	ProfileExec   = "idem-exec"
	ProfileLogger = "idem-logger"
	ProfileESM    = "idem-esm"
)
