package idemjson

import (
	"reflect"
	"sync"
)

// methods says which interfaces a type, or a pointer to it, implements.
type methods struct{ marshal, addrMarshal, text, addrText bool }

// methodCache remembers what is asked of every value: reflect answers slowly. Its size is bounded by the program's
// number of types.
var methodCache sync.Map // reflect.Type -> methods

func methodsOf(t reflect.Type) methods {
	if m, ok := methodCache.Load(t); ok {
		return m.(methods)
	}
	pointer := reflect.PointerTo(t)
	m := methods{
		marshal:     t.Implements(marshalerType),
		addrMarshal: t.Kind() != reflect.Pointer && pointer.Implements(marshalerType),
		text:        t.Implements(textMarshalerType),
		addrText:    t.Kind() != reflect.Pointer && pointer.Implements(textMarshalerType),
	}
	methodCache.Store(t, m)
	return m
}
