package acct

import (
	"reflect"
	"strings"
)

// fields are the settable fields of one or several structs by their key in the file.
type fields map[string][]reflect.Value

func fieldsOf(structs ...reflect.Value) fields {
	f := make(fields)
	for _, s := range structs {
		f.add(s)
	}
	return f
}

// add adds the fields of struct s. As in yaml.v3, a field without a name in its tag has its own in lower case.
func (f fields) add(s reflect.Value) {
	for i := range s.NumField() {
		field := s.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case strings.Contains(options, "inline") && field.Type.Kind() == reflect.Struct:
			f.add(s.Field(i))
		case !field.IsExported() || name == "-":
		case name == "":
			name = strings.ToLower(field.Name)
			fallthrough
		default:
			f[name] = append(f[name], s.Field(i))
		}
	}
}

// nested returns the fields of the structs at key.
func (f fields) nested(key string) fields {
	n := make(fields)
	for _, v := range f[key] {
		if v.Kind() == reflect.Struct && !isLeaf(v) {
			n.add(v)
		}
	}
	return n
}
