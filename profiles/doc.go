// Package profiles decides which patterns of a configuration match the profile of an event. It does no I/O and starts
// no goroutine.
//
// [Glob] is Python's fnmatch.fnmatchcase and [Regex] is Python's re.fullmatch (version 3.11), so that a file written for
// Idem means the same here. Three things differ, all on purpose:
//
//   - Matching takes time linear in the length of the name for regex, and never exponential time for glob. What cannot
//     be done that way (lookaround, backreferences, \b, atomic groups) is an error when the pattern is compiled.
//   - Character classes such as \w follow the Unicode version of the Go release evhub was built with, which may know
//     some letters that an older Python does not.
//   - Patterns are bounded: see [MaxPattern].
//
// A [Table] holds the patterns of a whole configuration and answers which of them match.
package profiles
