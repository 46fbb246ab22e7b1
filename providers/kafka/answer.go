package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// answer is what a broker said about one batch.
type answer struct {
	code    code
	text    string
	refused []refusedRecord
	cause   error // why there is no answer, if code is lost
}

// refusedRecord is a record that the broker finds wrong.
type refusedRecord struct {
	place int32 // in the batch
	text  string
}

// err returns the answer as an error.
func (a answer) err() error {
	if a.cause != nil {
		return a.cause
	}
	return &answerError{code: a.code, text: a.text}
}

// answers is a produce response, split up.
type answers []placedAnswer

type placedAnswer struct {
	topic     string
	partition int32
	answer
}

func (as answers) of(topic string, partition int32) (answer, bool) {
	for _, a := range as {
		if a.partition == partition && a.topic == topic {
			return a.answer, true
		}
	}
	return answer{}, false
}

var errCutOff = errors.New("an answer that ends too early")

// decodeAnswers reads a produce response, versions 3 to 8, with its length field.
func decodeAnswers(frame []byte, serial int32, version int16) (answers, error) {
	d := decoder{rest: frame[4:]}
	if got := d.int32(); got != serial {
		return nil, fmt.Errorf("an answer to request %d instead of %d", got, serial)
	}
	var as answers
	for range d.count() {
		topic := d.string()
		for range d.count() {
			a := placedAnswer{topic: topic, partition: d.int32()}
			a.code = code(d.int16())
			d.skip(8 + 8) // base offset, time of appending
			if version >= 5 {
				d.skip(8) // first offset of the log
			}
			if version >= 8 {
				for range d.count() {
					a.refused = append(a.refused, refusedRecord{place: d.int32(), text: d.string()})
				}
				a.text = d.string()
			}
			as = append(as, a)
		}
	}
	if d.short {
		return nil, errCutOff
	}
	return as, nil
}

// decoder reads Kafka's primitive types. What is not there is zero, and sets short.
type decoder struct {
	rest  []byte
	short bool
}

func (d *decoder) take(n int) []byte {
	if n > len(d.rest) {
		d.short, d.rest = true, nil
		return make([]byte, min(n, 8))
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) skip(n int)   { d.take(n) }
func (d *decoder) int16() int16 { return int16(binary.BigEndian.Uint16(d.take(2))) }
func (d *decoder) int32() int32 { return int32(binary.BigEndian.Uint32(d.take(4))) }

// count returns the length of an array, which cannot have more elements than there are bytes left.
func (d *decoder) count() int { return min(int(d.int32()), len(d.rest)) }

func (d *decoder) string() string {
	n := int(d.int16())
	if n <= 0 {
		return ""
	}
	return string(d.take(n))
}
