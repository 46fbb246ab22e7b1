// Package segment reads and writes the files of a journal: a header that names the journal, and behind it frames, each
// with its own checksums, so that every record can be judged by itself.
//
//	header 64 bytes: magic 8, version 2, size 2, flags 4, journal id 16, first seq 8, salt 8, created 8, reserved 4, crc 4
//	frame  32 bytes: magic 4, kind 1, flags 1, size 2, seq 8, length 4, payload crc 4, reserved 4, header crc 4;
//	       then the payload, then zeros up to a multiple of 8
//
// Numbers are little-endian, checksums are CRC-32C. The header crc of a frame begins with the salt of its segment, so
// that frames of another file, which a disk may show after a crash, are not taken for this one's. Unused space is
// zeros, and zeros are never a frame.
package segment
