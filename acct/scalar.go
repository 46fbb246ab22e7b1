package acct

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"
)

// text returns the single value at n as text, references resolved. want says in errors what is expected there.
func (d *decoder) text(n *yaml.Node, key, want string) (string, bool) {
	text, err := n.Value, error(nil)
	if ref, ok := referenceIn(n); ok {
		text, err = d.file.resolve(ref)
	} else if n.Kind != yaml.ScalarNode {
		err = fmt.Errorf("want %s (or {env: NAME}, {file: PATH}), not %s", want, describe(n))
	} else if n.ShortTag() == "!!binary" {
		text, err = fromBase64(text)
	}
	if err != nil {
		d.failf(n, key, "%w", err)
		return "", false
	}
	d.texts = append(d.texts, text)
	return text, true
}

func fromBase64(text string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", errors.New("!!binary wants base64")
	}
	return string(b), nil
}

func (d *decoder) scalar(n *yaml.Node, key string, v reflect.Value) {
	want, set := scalarKind(v)
	text, ok := d.text(n, key, want)
	if ok && !set(text) {
		d.failf(n, key, "want %s", want)
	}
}

var durationType = reflect.TypeFor[time.Duration]()

// scalarKind returns what v takes, in plain words, and a function that sets v from text if it is that.
func scalarKind(v reflect.Value) (want string, set func(string) bool) {
	if v.Type() == durationType {
		return "a duration such as 30s or 100ms", func(s string) bool { return setDuration(v, s) }
	}
	switch v.Kind() {
	case reflect.String:
		return "text", func(s string) bool { v.SetString(s); return true }
	case reflect.Bool:
		return "true or false", func(s string) bool { return setBool(v, s) }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number" + bounds(v.Type()), func(s string) bool {
			i, err := strconv.ParseInt(s, 0, v.Type().Bits())
			v.SetInt(i)
			return err == nil
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number" + bounds(v.Type()), func(s string) bool {
			i, err := strconv.ParseUint(s, 0, v.Type().Bits())
			v.SetUint(i)
			return err == nil
		}
	case reflect.Float32, reflect.Float64:
		return "a number", func(s string) bool {
			f, err := strconv.ParseFloat(s, v.Type().Bits())
			v.SetFloat(f)
			return err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
		}
	}
	panic(fmt.Sprintf("acct: cannot decode into a %s", v.Type()))
}

// bounds says which numbers fit an integer type, if people come near them.
func bounds(t reflect.Type) string {
	switch bits := t.Bits(); {
	case t.Kind() >= reflect.Uint && bits >= 64:
		return ", not negative"
	case bits >= 64:
		return ""
	case t.Kind() >= reflect.Uint:
		return fmt.Sprintf(" from 0 to %d", uint64(1)<<bits-1)
	default:
		return fmt.Sprintf(" from %d to %d", -int64(1)<<(bits-1), int64(1)<<(bits-1)-1)
	}
}

// setBool takes YAML 1.1's spellings, which Idem's files may have.
func setBool(v reflect.Value, s string) bool {
	switch s {
	case "true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON":
		v.SetBool(true)
	case "false", "False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF":
		v.SetBool(false)
	default:
		return false
	}
	return true
}

// setDuration takes no bare numbers but 0: some would mean seconds, others milliseconds.
func setDuration(v reflect.Value, s string) bool {
	duration, err := time.ParseDuration(s)
	v.SetInt(int64(duration))
	return err == nil
}
