package buffer

import (
	"errors"

	bolt "go.etcd.io/bbolt"

	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// Pending is a batch to send: consecutive episodes of one stream.
type Pending struct {
	Stream      stream.ID
	First, Last uint64
	Batch       *agentv1.Batch
}

// Len is the number of its episodes.
func (p *Pending) Len() int { return int(p.Last-p.First) + 1 }

// Refused is an episode the collector refused by itself.
type Refused struct {
	Sequence      uint64
	Field, Reason string
}

// Peek gives the oldest episodes of the oldest stream as a batch inside every bound, at most max of them; nil where
// nothing is buffered. Nothing is removed, save for an episode that no batch can carry: it goes into quarantine.
func (b *Buffer) Peek(max int) (*Pending, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		pending, unfit, err := b.peek(max)
		if err != nil || unfit == nil {
			return pending, err
		}
		if err := b.change("quarantine", func(tx *bolt.Tx) error {
			return b.quarantine(tx, unfit.key, "", unfit.reason)
		}); err != nil {
			return nil, err
		}
	}
}

type unfit struct {
	key    []byte
	reason string
}

func (b *Buffer) peek(max int) (pending *Pending, bad *unfit, err error) {
	err = b.view("peek", func(tx *bolt.Tx) error {
		cursor := tx.Bucket(episodesBucket).Cursor()
		key, value := cursor.First()
		if key == nil {
			return nil
		}
		ordinal, first, _ := splitEpisodeKey(key)
		source, found := getHead(tx, ordinal)
		before, _, ok := episodeRow(key, value)
		if !found || !ok {
			bad = &unfit{append([]byte(nil), key...), "damaged row"}
			return nil
		}
		builder := stream.NewBuilder(source.id, before)
		last := first - 1
		for ; key != nil && builder.Len() < max; key, value = cursor.Next() {
			at, sequence, _ := splitEpisodeKey(key)
			_, canonical, ok := episodeRow(key, value)
			if at != ordinal || sequence != last+1 || !ok {
				break
			}
			if err := builder.Add(sequence, canonical); errors.Is(err, stream.ErrFull) {
				break
			} else if err != nil {
				if builder.Len() == 0 {
					bad = &unfit{append([]byte(nil), key...), err.Error()}
				}
				break
			}
			last = sequence
		}
		if builder.Len() > 0 {
			pending = &Pending{Stream: source.id, First: first, Last: last, Batch: builder.Batch()}
		}
		return nil
	})
	return pending, bad, err
}

// Delete removes what the collector acknowledged of a batch: its episodes up to and including last, never more than it
// held. Those refused go into quarantine with the reason, in the same transaction.
func (b *Buffer) Delete(batch *Pending, last uint64, refused []Refused) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	reasons := make(map[uint64]Refused, len(refused))
	for _, refusal := range refused {
		reasons[refusal.Sequence] = refusal
	}
	return b.freeing("delete", func(tx *bolt.Tx) error {
		source, found := findStream(tx, batch.Stream)
		if !found {
			return nil
		}
		for sequence := batch.First; sequence <= min(last, batch.Last); sequence++ {
			key := episodeKey(source.ordinal, sequence)
			refusal, was := reasons[sequence]
			var err error
			if was {
				err = b.quarantine(tx, key, refusal.Field, refusal.Reason)
			} else {
				err = b.remove(tx, key)
			}
			if err != nil {
				return err
			}
		}
		return b.forgetStreams(tx)
	})
}

// Renumber moves what is left of a stream into a new one, in one transaction: the collector said that it forked. If it
// is the stream of this run, the run goes on in the new one.
func (b *Buffer) Renumber(id stream.ID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.freeing("renumber", func(tx *bolt.Tx) error {
		if id == b.current.id && b.current.ordinal == 0 {
			b.current = head{id: newStreamID(), next: 1}
			return nil
		}
		source, found := findStream(tx, id)
		if !found {
			return nil
		}
		ordinal, err := newOrdinal(tx)
		if err != nil {
			return err
		}
		target := head{ordinal: ordinal, id: newStreamID(), next: 1}
		if target, err = b.move(tx, source, target); err != nil {
			return err
		}
		if id == b.current.id {
			b.current = target
		}
		if err := putHead(tx, target); err != nil {
			return err
		}
		return b.forgetStreams(tx)
	})
}

// move gives each row of the source a place in the target and returns the target's head after them.
func (b *Buffer) move(tx *bolt.Tx, source, target head) (head, error) {
	rows := tx.Bucket(episodesBucket)
	cursor := rows.Cursor()
	var moved [][2][]byte
	for key, value := cursor.Seek(episodeKey(source.ordinal, 0)); key != nil; key, value = cursor.Next() {
		if ordinal, _, _ := splitEpisodeKey(key); ordinal != source.ordinal {
			break
		}
		if _, canonical, ok := episodeRow(key, value); ok {
			moved = append(moved, [2][]byte{append([]byte(nil), key...), append([]byte(nil), canonical...)})
		}
	}
	for _, row := range moved {
		if err := rows.Delete(row[0]); err != nil {
			return head{}, err
		}
		payload := append(append(make([]byte, 0, 16+len(row[1])), target.digest[:]...), row[1]...)
		if err := put(tx, episodesBucket, episodeKey(target.ordinal, target.next), payload); err != nil {
			return head{}, err
		}
		target.next++
		target.digest = target.digest.Next(row[1])
	}
	return target, nil
}

// remove deletes an episode's row and takes it off its login's usage.
func (b *Buffer) remove(tx *bolt.Tx, key []byte) error {
	rows := tx.Bucket(episodesBucket)
	value := rows.Get(key)
	if value == nil {
		return nil
	}
	if _, canonical, ok := episodeRow(key, value); ok {
		if record, err := stream.DecodeRecord(canonical); err == nil {
			b.use(record.Login, -1, -rowBytes(key, value))
		}
	}
	return rows.Delete(key)
}

func findStream(tx *bolt.Tx, id stream.ID) (head, bool) {
	cursor := tx.Bucket(streamsBucket).Cursor()
	for key, _ := cursor.First(); key != nil; key, _ = cursor.Next() {
		if len(key) != 4 {
			continue
		}
		if found, ok := getHead(tx, beUint32(key)); ok && found.id == id {
			return found, true
		}
	}
	return head{}, false
}

// forgetStreams removes the heads of streams that have no rows any more and are not this run's.
func (b *Buffer) forgetStreams(tx *bolt.Tx) error {
	heads := tx.Bucket(streamsBucket)
	cursor := heads.Cursor()
	var gone [][]byte
	for key, _ := cursor.First(); key != nil; key, _ = cursor.Next() {
		if len(key) != 4 || beUint32(key) == b.current.ordinal {
			continue
		}
		first, _ := tx.Bucket(episodesBucket).Cursor().Seek(episodeKey(beUint32(key), 0))
		if ordinal, _, ok := splitEpisodeKey(first); !ok || ordinal != beUint32(key) {
			gone = append(gone, append([]byte(nil), key...))
		}
	}
	for _, key := range gone {
		if err := heads.Delete(key); err != nil {
			return err
		}
	}
	return nil
}
