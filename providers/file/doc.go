// Package file appends events to a file, one line for each.
//
// An event is delivered when its line is written and, with `fsync: always`, synced. Lines are written in the order of
// sending and stay whole:
//
//   - A body with a newline in it, which only the formats raw and msgpack produce, is refused permanently: it would
//     read as several events.
//   - When a write comes up short (a full disk), what stands of the torn line is cut off again. Where that is not
//     possible, or after a crash, the next session ends the torn line with a newline before it writes.
//   - The file is opened for appending, and a flight is one write. So several destinations, or other programs that
//     append, can share a file without mixing their lines, but only one of them should have a max_size.
//
// A file that another program has moved away or deleted is created anew before the next write.
package file
