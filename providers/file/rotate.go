package file

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// rotate renames the file to the next free number and begins a new one. The numbers rise, so that one rename does it
// and a crash leaves nothing half done.
func (a *appender) rotate() error {
	numbers, err := a.rotated()
	if err != nil {
		return err
	}
	next := 1
	if len(numbers) > 0 {
		next = numbers[len(numbers)-1] + 1
	}
	if err := a.Close(); err != nil {
		return err
	}
	if err := os.Rename(a.config.Path, a.numbered(next)); err != nil {
		return err
	}
	if err := a.open(); err != nil {
		return err
	}
	a.prune(append(numbers, next))
	return nil
}

func (a *appender) numbered(n int) string { return a.config.Path + "." + strconv.Itoa(n) }

// rotated returns the numbers of the rotated files, oldest first.
func (a *appender) rotated() ([]int, error) {
	entries, err := os.ReadDir(filepath.Dir(a.config.Path))
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, e := range entries {
		suffix, ok := strings.CutPrefix(e.Name(), filepath.Base(a.config.Path)+".")
		if n, err := strconv.Atoi(suffix); ok && err == nil && n > 0 && strconv.Itoa(n) == suffix {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// prune deletes the oldest rotated files. That it cannot is no reason to stop deliveries.
func (a *appender) prune(numbers []int) {
	if a.config.Keep == 0 || len(numbers) <= a.config.Keep {
		return
	}
	for _, n := range numbers[:len(numbers)-a.config.Keep] {
		if err := os.Remove(a.numbered(n)); err != nil {
			a.logger.Warn("cannot delete a rotated file", "error", err)
		}
	}
}
