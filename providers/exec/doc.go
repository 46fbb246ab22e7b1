// Package exec delivers events to a program of the user's own, in any language, that reads lines of JSON and answers each.
//
// The program is started with the first event and kept. It speaks by lines, each one JSON object in UTF-8:
//
//   - When it is ready it prints {"ready": true}; if it cannot start it prints {"error": "why"} or ends.
//   - It reads events from standard input: {"seq": 7, "id": "...", "profile": "...", "run_name": "...", "key": "...",
//     "time": "2026-01-02T03:04:05Z", "attempt": 1, "content_type": "application/json", "body": ...}. A body that is no
//     JSON comes as "body_base64" in place of "body".
//   - It answers each with its number: {"seq": 7} once it has delivered the event; {"seq": 7, "error": "why"} if that failed
//     and shall be tried again, not before "retry_after": "2s" if that is given; with "permanent": true if this event can
//     never be delivered.
//   - It ends when its standard input does.
//
// What it prints on standard error goes to the log. An answer means delivered, so a program answers when whatever it hands
// events to has them. After a failure, or a line that is no answer, the program is ended and started anew, with backoff,
// and gets again what it has not answered.
//
// Nothing is interpreted by a shell, and the program's environment holds PATH and what the entry gives it, nothing else.
// Whoever can write the acct file can run programs: the command therefore knows this provider only with --allow-exec, and
// a program of your own only if it lists it.
package exec
