package amqptest

import "time"

// Message is one that was published.
type Message struct {
	Exchange, RoutingKey string
	Mandatory            bool
	ContentType, ID      string
	Type, AppID          string
	DeliveryMode         byte
	Time                 time.Time
	Headers              map[string]any
	Body                 []byte
	Connection           int // number of the connection that brought it, from 1
	properties           []byte
	size                 uint64
}

// readHeader fills in what the content header frame says.
func (m *Message) readHeader(payload []byte) {
	f := fields{payload}
	f.long() // class and weight
	m.size = f.quad()
	m.properties = append([]byte(nil), f.rest...)
	flags := f.short()
	has := func(bit int) bool { return flags&(1<<bit) != 0 }
	skipText := func(bit int) {
		if has(bit) {
			f.text()
		}
	}
	if has(15) {
		m.ContentType = f.text()
	}
	skipText(14)
	if has(13) {
		m.Headers = f.table()
	}
	if has(12) {
		m.DeliveryMode = f.octet()
	}
	if has(11) {
		f.octet()
	}
	skipText(10)
	skipText(9)
	skipText(8)
	if has(7) {
		m.ID = f.text()
	}
	if has(6) {
		m.Time = time.Unix(int64(f.quad()), 0)
	}
	if has(5) {
		m.Type = f.text()
	}
	skipText(4)
	if has(3) {
		m.AppID = f.text()
	}
}
