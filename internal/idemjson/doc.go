// Package idemjson writes JSON byte for byte as Idem does, which is as Python's json.dumps does with its default
// separators (", " and ": ") and ensure_ascii: everything outside printable ASCII is escaped, floats are spelled as
// Python's repr.
//
// What is called spelled text below is the output of this package's Append functions. Each of them appends to a
// buffer of the caller's, is safe for concurrent use, and returns dst unchanged in length together with its error.
// All errors are of type *[Error].
package idemjson
