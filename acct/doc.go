// Package acct reads the acct-style YAML file that says where events go: provider -> pattern -> settings.
//
//	match_plugin: glob   # or regex
//	kafka:               # dict form
//	  "idem-*":
//	    connection: {bootstrap_servers: "localhost:9092"}
//	rabbitmq:            # list form: a pattern may repeat
//	  - idem-status: {connection: {host: localhost, password: {env: MQ_PASSWORD}}}
//
// The file is plain YAML (no Jinja), or what `acct encrypt` makes of it: msgpack in a Fernet token or in AES-GCM, which
// [File.Encrypt] makes too. Both become a tree of nodes; [File.Entries] picks the entries of the providers that the caller knows, and
// [Entry.Decode] fills structs from them, strictly and with every mistake reported at once as an [Error] that has
// file, line and key.
//
// Where a single value is expected, {env: NAME} stands for an environment variable and {file: PATH} for the content of
// a file (relative to the acct file, without its last newline). They are resolved when an entry is decoded. "${NAME}"
// has no meaning.
//
// YAML 1.1 spellings of booleans (yes, no, on, off) are booleans where the setting is one, and text elsewhere. A
// pattern is the text of its key as written, also if YAML takes it for a number or a boolean.
//
// No error and no warning of this package quotes the value of a setting.
package acct
