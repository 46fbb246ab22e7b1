package amqptest

// handleMethod reports whether to go on.
func (c *conn) handleMethod(channel uint16, f *fields) bool {
	number := f.long()
	if c.deaf {
		return number != connectionCloseOK
	}
	if c.closing[channel] && number != channelCloseOK && number != channelOpen {
		return true
	}
	switch number {
	case connectionStartOK, connectionTuneOK, connectionOpen, connectionClose:
		return c.handleConnection(number, f)
	case channelOpen:
		delete(c.closing, channel)
		c.tags[channel] = 0
		c.send(method(channelOpenOK).longText("").frame(channel))
	case channelClose:
		c.send(method(channelCloseOK).frame(channel))
	case confirmSelect:
		c.send(method(confirmSelectOK).frame(channel))
	case exchangeDeclare:
		c.handleExchange(channel, f)
	case queueDeclare:
		c.handleQueue(channel, f)
	case basicPublish:
		f.short()
		c.partial[channel] = &Message{
			Exchange: f.text(), RoutingKey: f.text(), Mandatory: f.octet()&1 != 0, Connection: c.number,
		}
	}
	return true
}

func (c *conn) handleConnection(number uint32, f *fields) bool {
	switch number {
	case connectionStartOK:
		properties := f.table()
		c.broker.mu.Lock()
		c.properties = properties
		c.broker.mu.Unlock()
		f.text()
		if !c.broker.loginOK(f.longText()) {
			return false // RabbitMQ hangs up on clients that cannot be told
		}
		c.send(method(connectionTune).short(2047).long(131072).short(60).frame(0))
	case connectionOpen:
		c.send(method(connectionOpenOK).text("").frame(0))
		c.broker.mu.Lock()
		c.open = true
		c.broker.mu.Unlock()
	case connectionClose:
		c.send(method(connectionCloseOK).frame(0))
		return false
	}
	return true
}

const bitPassive = 1

func (c *conn) handleExchange(channel uint16, f *fields) {
	f.short()
	name := f.text()
	f.text()
	if f.octet()&bitPassive == 0 || !c.broker.exists(c.broker.exchanges, name) {
		c.closeChannel(channel, 404, "NOT_FOUND - no exchange '"+name+"'")
		return
	}
	c.send(method(exchangeDeclareOK).frame(channel))
}

func (c *conn) handleQueue(channel uint16, f *fields) {
	f.short()
	name := f.text()
	passive, there := f.octet()&bitPassive != 0, c.broker.exists(c.broker.queues, name)
	switch {
	case passive && c.broker.isLocked(name):
		c.closeChannel(channel, 405, "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '"+name+"'")
		return
	case passive && !there:
		c.closeChannel(channel, 404, "NOT_FOUND - no queue '"+name+"'")
		return
	case !passive && !there:
		c.broker.declareQueue(name)
	}
	c.send(method(queueDeclareOK).text(name).long(0).long(0).frame(channel))
}
