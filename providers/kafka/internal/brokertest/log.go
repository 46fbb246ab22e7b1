package brokertest

// Error codes of the protocol that the cluster gives of itself.
const (
	codeUnknownTopic     = 3
	codeLeaderMissing    = 5
	codeNotLeader        = 6
	codeTooLarge         = 10
	codeInvalidTopic     = 17
	codeBadMechanism     = 33
	codeOutOfOrder       = 45
	codeStaleEpoch       = 47
	codeLoginFailed      = 58
	remembered           = 5
	sequenceMask         = 1<<31 - 1
	noProducerID         = -1
	maxTopicName         = 249
	defaultProduceLimit  = 8
	highestMetadata      = 8
	highestInitProducer  = 4
	highestAuthenticate  = 1
	highestSASLHandshake = 1
)

// log is one partition.
type log struct {
	leader    int32
	records   []Record
	producers map[int64]*producer
}

// producer is what a partition knows of a producer id.
type producer struct {
	epoch  int16
	recent []numbers
}

// numbers are those of one batch.
type numbers struct {
	first, last int32
	offset      int64
}

// append writes a batch if its numbers allow it, and returns its offset.
func (l *log) append(b Batch, records []Record) (offset int64, code int16) {
	if b.ID == noProducerID {
		return l.write(records), 0
	}
	n := numbers{first: b.Sequence, last: (b.Sequence + int32(len(records)) - 1) & sequenceMask}
	p := l.producers[b.ID]
	switch {
	case p == nil:
		p = &producer{epoch: b.Epoch}
		l.producers[b.ID] = p
	case b.Epoch < p.epoch:
		return -1, codeStaleEpoch
	case b.Epoch > p.epoch:
		if b.Sequence != 0 {
			return -1, codeOutOfOrder
		}
		*p = producer{epoch: b.Epoch}
	default:
		for _, r := range p.recent {
			if r.first == n.first && r.last == n.last {
				return r.offset, 0
			}
		}
		if last := p.recent[len(p.recent)-1].last; n.first != (last+1)&sequenceMask {
			return -1, codeOutOfOrder
		}
	}
	n.offset = l.write(records)
	p.recent = append(p.recent, n)
	p.recent = p.recent[max(len(p.recent)-remembered, 0):]
	return n.offset, 0
}

func (l *log) write(records []Record) int64 {
	offset := int64(len(l.records))
	l.records = append(l.records, records...)
	return offset
}
