package main

import "context"

// proof breaks the journal in all ways that need no broker: the model check, kills and faults of the disk below the real
// command, and the journal's mutants.
func (v *verifier) proof(ctx context.Context) {
	v.goTest(ctx, v.modules[0], "-count", "1", "-timeout", v.timeout.String(), "./internal/journal/...")
	v.goTest(ctx, integrationModule, "-count", "1", "-timeout", v.timeout.String(), "./crash/...")
	v.mutants(ctx)
}

// soak is the proof and then everything with brokers, over and over.
func (v *verifier) soak(ctx context.Context) {
	v.proof(ctx)
	v.integration(ctx)
}

// mutants runs the journal's tests against each of its mutants, which says which test caught which.
func (v *verifier) mutants(ctx context.Context) {
	cmd := command(ctx, v.modules[0], "go", "run", "./internal/journal/mutants")
	cmd.Stdout, cmd.Stderr = v.out, v.out
	var err error
	if err = cmd.Run(); ctx.Err() != nil {
		err = ctx.Err()
	}
	v.check("mutants", nil, err)
}
