// Package ingest reads what Ansible Runner writes: the lines that it prints (Stream) and the files that it leaves (Tail).
package ingest
