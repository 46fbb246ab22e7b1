package evbus

import (
	"encoding/base64"

	"github.com/evhub/evhub/internal/idemjson"
)

// appendIdem writes what Idem sends: {"tags": ..., "message": ..., "run_name": ...} with Python's spaces.
func appendIdem(dst []byte, r *Record, _ string) ([]byte, error) {
	dst = append(dst, `{"tags": `...)
	dst = append(dst, r.Tags...)
	if text := r.publishError(); text != nil { // Idem's only event that has no message
		dst = appendRunName(dst, r)
		dst = append(dst, `, "`+publishErrorKey+`": `...)
		return append(append(dst, text...), '}'), nil
	}
	dst = append(dst, `, "message": `...)
	dst = appendMessage(dst, r)
	dst = appendRunName(dst, r)
	return append(dst, '}'), nil
}

func appendMessage(dst []byte, r *Record) []byte {
	if !r.Opaque {
		return append(dst, r.Data...)
	}
	return appendBase64(dst, r.Data)
}

func appendBase64(dst, data []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, data)
	return append(dst, '"')
}

func appendRunName(dst []byte, r *Record) []byte {
	dst = append(dst, `, "run_name": `...)
	dst, _ = idemjson.AppendString(dst, r.RunName) // valid UTF-8 since it was sealed
	return dst
}

func appendCompact(dst []byte, r *Record, source string) ([]byte, error) {
	spelled, err := appendIdem(nil, r, source)
	return idemjson.AppendCompact(dst, spelled), err
}

func appendRaw(dst []byte, r *Record, _ string) ([]byte, error) { return append(dst, r.Data...), nil }
