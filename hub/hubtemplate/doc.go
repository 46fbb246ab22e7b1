// Package hubtemplate gives templates functions that fire events, so that rendering a document fires them, as in Idem's
// files with {%- hub.idem.event.put_nowait(body=..., profile=..., tags=...) %}.
//
//	{{- range .hosts }}
//	{{- put (dict "host" . "state" "planned") "inventory-host" (dict "type" "host") }}
//	{{ . }}: {}
//	{{- end }}
//
// The functions are
//
//	put BODY [PROFILE [TAGS]]        Hub.Put: waits for room, and for the disk where there is a journal
//	putNowait BODY [PROFILE [TAGS]]  Hub.PutNowait: waits for nothing
//	dict KEY VALUE ...               an object: keys are texts
//	list VALUE ...                   an array
//	fromJSON TEXT                    the value of a JSON text
//	toJSON VALUE                     the JSON text of a value
//
// The arguments of put and putNowait are in Idem's order, with its defaults: the profile "default" and no tags. Both
// render as nothing. An error of the hub ends the rendering, with the place in the template; the events that were
// fired before stay fired.
package hubtemplate
