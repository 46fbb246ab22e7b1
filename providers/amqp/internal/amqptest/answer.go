package amqptest

// Answer is what the broker does with a message.
type Answer struct {
	do func(c *conn, channel uint16, tag uint64, m *Message)
}

// Ack stores the message and confirms it.
func Ack() Answer {
	return Answer{func(c *conn, channel uint16, tag uint64, m *Message) {
		c.broker.store(m)
		c.send(method(basicAck).quad(tag).octet(0).frame(channel))
	}}
}

// AckAll stores the message and confirms it and all before it in one frame.
func AckAll() Answer {
	return Answer{func(c *conn, channel uint16, tag uint64, m *Message) {
		c.broker.store(m)
		c.send(method(basicAck).quad(tag).octet(1).frame(channel))
	}}
}

// Keep stores the message and answers nothing.
func Keep() Answer {
	return Answer{func(c *conn, _ uint16, _ uint64, m *Message) { c.broker.store(m) }}
}

// Ignore neither stores nor answers.
func Ignore() Answer { return Answer{func(*conn, uint16, uint64, *Message) {}} }

// Nack refuses the message for now.
func Nack() Answer {
	return Answer{func(c *conn, channel uint16, tag uint64, _ *Message) {
		c.send(method(basicNack).quad(tag).octet(0).frame(channel))
	}}
}

// Return gives the message back as unroutable and then, as brokers do, confirms it.
func Return() Answer {
	return Answer{func(c *conn, channel uint16, tag uint64, m *Message) {
		c.giveBack(channel, m)
		c.send(method(basicAck).quad(tag).octet(0).frame(channel))
	}}
}

// ReturnAlone gives the message back and never confirms it.
func ReturnAlone() Answer {
	return Answer{func(c *conn, channel uint16, _ uint64, m *Message) { c.giveBack(channel, m) }}
}

// Hold keeps the message back until a later one is answered with ReleaseReturned.
func Hold() Answer {
	return Answer{func(c *conn, _ uint16, tag uint64, m *Message) { c.held, c.heldTag = m, tag }}
}

// ReleaseReturned stores and confirms the message and gives the one on hold back.
func ReleaseReturned() Answer {
	return Answer{func(c *conn, channel uint16, tag uint64, m *Message) {
		c.giveBack(channel, c.held)
		c.broker.store(m)
		c.send(method(basicAck).quad(c.heldTag).octet(0).frame(channel))
		c.send(method(basicAck).quad(tag).octet(0).frame(channel))
	}}
}

// CloseChannel closes the channel with an exception.
func CloseChannel(code int, text string) Answer {
	return Answer{func(c *conn, channel uint16, _ uint64, _ *Message) { c.closeChannel(channel, code, text) }}
}

// CloseConnection closes the connection with an exception.
func CloseConnection(code int, text string) Answer {
	return Answer{func(c *conn, _ uint16, _ uint64, _ *Message) {
		c.send(method(connectionClose).short(uint16(code)).text(text).short(0).short(0).frame(0))
		c.deaf = true
	}}
}

// Cut cuts the connection and does not store the message.
func Cut() Answer { return Answer{func(c *conn, _ uint16, _ uint64, _ *Message) { c.cut() }} }

// KeepAndCut stores the message and cuts the connection.
func KeepAndCut() Answer {
	return Answer{func(c *conn, _ uint16, _ uint64, m *Message) {
		c.broker.store(m)
		c.cut()
	}}
}

func (c *conn) giveBack(channel uint16, m *Message) {
	c.send(method(basicReturn).short(312).text("NO_ROUTE").text(m.Exchange).text(m.RoutingKey).frame(channel))
	header := args(nil).short(60).short(0).quad(m.size)
	c.send(frame{frameHeader, channel, append(header, m.properties...)})
	if m.size > 0 {
		c.send(frame{frameBody, channel, m.Body})
	}
}

func (c *conn) closeChannel(channel uint16, code int, text string) {
	c.closing[channel] = true
	c.send(method(channelClose).short(uint16(code)).text(text).short(0).short(0).frame(channel))
}
