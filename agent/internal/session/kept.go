package session

// keptMost is how many closed episodes wait for the service: what a person makes in the minute a helper goes on
// without it, many times over.
const keptMost = 500

// kept is the closed episodes that the service has not stored yet, in order. The zero kept is empty.
type kept struct {
	closed []Closed
	number uint64
	// lost counts those that there was no room for. Their numbers are missing, so that the service knows.
	lost int64
}

// add gives a closed episode the next number; the oldest makes room where there is none.
func (k *kept) add(c Closed) *Message {
	k.number++
	c.Number = k.number
	if len(k.closed) == keptMost {
		copy(k.closed, k.closed[1:])
		k.closed = k.closed[:keptMost-1]
		k.lost++
	}
	k.closed = append(k.closed, c)
	return &Message{Closed: &c}
}

// stored forgets those up to and including a number. One that was never given is no acknowledgement.
func (k *kept) stored(number uint64) {
	if number > k.number {
		return
	}
	n := 0
	for n < len(k.closed) && k.closed[n].Number <= number {
		n++
	}
	left := copy(k.closed, k.closed[n:])
	clear(k.closed[left:])
	k.closed = k.closed[:left]
}

// all are the messages to send on a new connection.
func (k *kept) all() []*Message {
	messages := make([]*Message, 0, len(k.closed))
	for _, c := range k.closed {
		messages = append(messages, &Message{Closed: &c})
	}
	return messages
}
