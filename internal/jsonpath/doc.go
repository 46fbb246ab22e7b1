// Package jsonpath finds the values at a few paths in a JSON text, in one pass and without decoding the rest of it.
package jsonpath
