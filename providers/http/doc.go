// Package http delivers events to an HTTP endpoint: one request for each event, or with `batch` one for many.
//
// An event is delivered when the endpoint has answered its request with a 2xx status. Redirects are not followed and
// no cookies are kept. The event's ID travels as Idempotency-Key, by which a receiver recognises a duplicate; its
// CloudEvents attributes travel as ce- headers. Proxy variables of the environment are ignored unless `proxy: env`
// asks for them, and nothing of an event has a say in where it goes.
//
// A batch is taken or refused as a whole. One that is refused for good is sent again in halves, in order, until those
// events are alone for which it was refused: they become dead letters, and their neighbours are delivered. Its
// Idempotency-Key is made of the events' IDs, and a batch that may have arrived is sent again as it was, under the same key,
// unless it took too long and is made smaller. The IDs themselves are in the bodies or nowhere, so that a receiver which
// has to recognise duplicates of single events wants `format: cloudevents`.
//
// With `outputs` the body is a JSON object of parts of the event's: see [Outputs].
//
// With a name of ansible-runner-http (runner_http_url, runner_http_path, runner_http_headers) an entry does as that
// plugin does: the body is the event's alone, and RUNNER_HTTP_URL and RUNNER_HTTP_PATH of the environment win.
package http
