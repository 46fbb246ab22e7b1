package main

// mutants are the faults.
func mutants() []mutant {
	return []mutant{}
}
