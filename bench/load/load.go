// Package load makes the events that every contestant publishes.
package load

import (
	"fmt"
	"math/rand/v2"
)

// different is how many different bodies and profiles there are.
const different = 64

// Bodies returns JSON objects of exactly size bytes each, or a little more if that is too small for one. They are the
// same in each process.
func Bodies(size int) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	bodies := make([][]byte, different)
	for i := range bodies {
		head := fmt.Sprintf(`{"number": %d, "text": "`, i)
		body := []byte(head)
		for len(body) < size-2 {
			body = append(body, 'a'+byte(random.IntN(26)))
		}
		bodies[i] = append(body, `"}`...)
	}
	return bodies
}

// Profiles returns names of profiles. They all match Pattern.
func Profiles() []string {
	profiles := make([]string, different)
	for i := range profiles {
		profiles[i] = fmt.Sprintf("bench-%d", i)
	}
	return profiles
}

// Pattern matches all profiles.
const Pattern = "bench-*"
