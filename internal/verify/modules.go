package main

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// findModules returns the folders below root that hold a go.mod, root itself first.
func findModules(root string) (modules []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.Name() == "go.mod":
			modules = append(modules, filepath.Dir(path))
		}
		return nil
	})
	slices.Sort(modules) // "." comes before all names
	return modules, err
}
