package evbus

// Reserve makes room for r, or says why it cannot: dropped means that the destination's policy is to do without
// this event; room is closed when it is worth trying again. At most one of the two is set.
//
// The caller reserves for one record at a time: the hub's lock is around Reserve, Accept and Cancel.
func (d *Destination) Reserve(r *Record) (dropped bool, room <-chan struct{}) {
	size := r.Size()
	switch d.config.Load().Options.Delivery.OnFull {
	case DropOldest:
		d.backlog.force(size)
		return false, nil
	case DropNewest:
		ok, _ := d.backlog.reserve(size)
		return !ok, nil
	default:
		_, room = d.backlog.reserve(size)
		return false, room
	}
}

// ReserveInBacklog makes room for r, a replayed event, whatever the policy is, or says when it is worth trying again.
// A destination that has halted always has room: it waits for nothing but to have its dead letters replayed.
func (d *Destination) ReserveInBacklog(r *Record) (room <-chan struct{}) {
	if d.status.is(Halted) {
		d.backlog.force(r.Size())
		return nil
	}
	_, room = d.backlog.reserve(r.Size())
	return room
}

// ReserveSpare makes room for r, an event that displaces no other, and reports whether there is any.
func (d *Destination) ReserveSpare(r *Record) bool {
	ok, _ := d.backlog.reserve(r.Size())
	return ok
}

// Cancel gives back what Reserve took.
func (d *Destination) Cancel(r *Record) { d.backlog.cancel(r.Size()) }

// Enter notes that n records for which room was reserved, the last with the number seq, will be in the log.
func (d *Destination) Enter(seq uint64, n int) { d.backlog.enter(seq, n) }

// Drop counts r as dropped before it was accepted here.
func (d *Destination) Drop(r *Record) { d.dropped([]*Record{r}) }

// Wake tells the sender that the log has something new. It makes room first if the policy is to drop what is oldest.
func (d *Destination) Wake() {
	if d.config.Load().Options.Delivery.OnFull == DropOldest && d.over() {
		d.evict()
	}
	signal(d.wake)
}

// over reports whether the backlog exceeds its limit by events that could be dropped: all but the newest, and what is in
// the air.
func (d *Destination) over() bool { return d.backlog.over(d.again.len()) }

// evict drops the oldest events that are not in the air, until the backlog is within its limit. It tells of them when it
// holds no lock any more: a hook may put an event.
func (d *Destination) evict() {
	var evicted []*Record
	var gone Lost
	d.reading.Lock()
	for d.over() {
		n := len(evicted)
		if e, front, ok := d.again.evict(); ok {
			evicted = append(evicted, e.record)
			d.settled(1, e.record.Size(), front)
			if e.refusal != nil {
				signal(d.unblocked)
			}
			continue
		}
		if !d.backlog.over(0) {
			break // the sender took them just now, and the newest stays
		}
		var lost Lost
		var err error
		evicted, lost, err = d.log.Read(evicted, d.number, 1, 1)
		d.lose(lost)
		gone = gone.Plus(lost)
		d.tellWatches(evicted[n:], lost)
		if err != nil || len(evicted) == n {
			break
		}
		r := evicted[n]
		d.backlog.took(1, r.Seq)
		d.again.noteEvicted(r.Seq)
		d.settled(1, r.Size(), 0)
	}
	d.reading.Unlock()
	d.tellLost(gone)
	if len(evicted) > 0 {
		d.dropped(evicted)
	}
}

func (d *Destination) dropped(records []*Record) {
	d.status.dropped.Add(int64(len(records)))
	for _, r := range records {
		d.watches.settle(r.Seq, Result{Destination: d.name, State: Dropped})
	}
	d.hooks.dropped(d, records)
}

// read takes up to limit records from the log into entries.
func (d *Destination) read(entries []entry, limit int, maxBytes int64) ([]entry, error) {
	d.reading.Lock()
	entries, lost, err := d.readNext(entries, limit, maxBytes)
	d.reading.Unlock()
	d.tellLost(lost)
	return entries, err
}

// readAhead reads what comes next as if it had to be sent again, and returns how much that is.
func (d *Destination) readAhead(limit int, maxBytes int64) (n int, err error) {
	d.reading.Lock()
	entries, lost, err := d.readNext(nil, limit, maxBytes)
	d.again.add(entries) // before anything newer can be dropped
	d.reading.Unlock()
	d.tellLost(lost)
	return len(entries), err
}

// readNext is read for who holds reading, but for telling what is lost.
func (d *Destination) readNext(entries []entry, limit int, maxBytes int64) ([]entry, Lost, error) {
	records, lost, err := d.log.Read(d.fresh[:0], d.number, limit, maxBytes)
	d.lose(lost)
	for _, r := range records {
		entries = append(entries, entry{record: r})
	}
	if n := len(records); n > 0 {
		d.backlog.took(n, records[n-1].Seq)
	}
	d.tellWatches(records, lost)
	clear(records)
	d.fresh = records
	return entries, lost, err
}

// lose takes off the backlog what the log cannot give back. tellLost is for when no lock is held.
func (d *Destination) lose(lost Lost) {
	if lost.Events > 0 {
		d.log.Ack(d.number, d.backlog.lose(lost))
	}
}

// tellWatches tells those of lost events that something was read behind them, or that nothing is left to be read.
func (d *Destination) tellWatches(read []*Record, lost Lost) {
	d.watches.passed(read, d.name)
	if end, all := d.backlog.read(); all && lost.Events > 0 {
		d.watches.passedAll(end, d.name)
	}
}

func (d *Destination) tellLost(lost Lost) {
	if lost.Events == 0 {
		return
	}
	d.status.lost.Add(int64(lost.Events))
	d.logger.Error("events are lost: the log is damaged where they were", "events", lost.Events, "bytes", lost.Bytes)
	d.hooks.lost(d.name, lost.Events)
}

// settled takes n events off the backlog; everything up to frontier is settled.
func (d *Destination) settled(n int, bytes int64, frontier uint64) {
	d.log.Ack(d.number, d.backlog.settle(n, bytes, frontier))
}
