// Package crash holds the tests that break the disk and the process below evhub: kills at random moments and before
// every system call, faults of the disk, damaged files. They run the real command with a journal and deliver to scripted
// HTTP endpoints; an oracle that shares no code with evhub judges. They need Linux.
package crash
