package stream

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// ErrFull says that the record does not fit into the batch any more: send the batch, and begin the next with it.
var ErrFull = errors.New("stream: batch is full")

// maxBatchBytes keeps a batch that does not compress inside the body's bound, together with the rest of its call.
const maxBatchBytes = MaxBodyBytes - 192<<10

// Builder makes a batch of consecutive records that stays inside every bound.
type Builder struct {
	batch   *agentv1.Batch
	digest  Digest
	strings map[string]uint32
	logins  map[Login]uint32
	// bytes on the wire, uncompressed, counted from above.
	bytes int
}

// NewBuilder begins a batch of the stream; before is the stream's digest before the first record that will be added.
func NewBuilder(id ID, before Digest) *Builder {
	return &Builder{
		batch:   &agentv1.Batch{Stream: id[:], Digest: before[:], Strings: []string{""}},
		digest:  before,
		strings: map[string]uint32{"": 0},
		logins:  map[Login]uint32{},
	}
}

// Add appends the record with this sequence, given as its canonical bytes. ErrFull leaves the batch as it was, and so
// does any other error: one wrapping ErrRecord for damaged bytes, a *Fault for a record no collector takes, or a gap
// in the sequence, which only a new batch can stand behind.
func (b *Builder) Add(sequence uint64, canonical []byte) error {
	count := len(b.batch.Episodes)
	switch {
	case sequence == 0 || sequence > MaxSequence:
		return fmt.Errorf("stream: sequence %d out of range", sequence)
	case count > 0 && sequence != b.batch.FirstSequence+uint64(count):
		return fmt.Errorf("stream: sequence %d does not follow %d", sequence, b.batch.FirstSequence+uint64(count)-1)
	case count == MaxEpisodes:
		return ErrFull
	}
	record, err := DecodeRecord(canonical)
	if err != nil {
		return err
	}
	if err := record.Check(); err != nil {
		return err
	}
	if !b.fits(&record) {
		return ErrFull
	}
	if count == 0 {
		b.batch.FirstSequence = sequence
	}
	e := b.episode(&record)
	b.bytes += 4 + proto.Size(e)
	b.batch.Episodes = append(b.batch.Episodes, e)
	b.digest = b.digest.Next(canonical)
	return nil
}

// fits tells whether the record's new strings and its episode stay inside the bounds. What it counts is at least what
// is sent, and a batch's strings and bytes are both below what a collector allows once their sum is.
func (b *Builder) fits(record *Record) bool {
	const episodeBytes, stringBytes, loginBytes = 96, 4, 16
	added, bytes := 0, episodeBytes
	for _, text := range record.texts() {
		if _, known := b.strings[text]; !known {
			added++
			bytes += stringBytes + len(text)
		}
	}
	logins := len(b.logins)
	if _, known := b.logins[record.Login]; !known {
		logins++
		bytes += loginBytes + len(record.Login.Authority) + len(record.Login.Account) + len(record.Login.Name)
	}
	return len(b.batch.Strings)+added <= MaxStrings && logins <= MaxLogins && b.bytes+bytes <= maxBatchBytes
}

func (r *Record) texts() [8]string {
	return [...]string{r.Session, r.App, r.Product, r.Bundle, r.Title, r.Site, r.URL, r.Revision}
}

func (b *Builder) episode(record *Record) *agentv1.Episode {
	_, offset := record.Start.Zone()
	return &agentv1.Episode{
		State:            agentv1.State(stateNumber(record.State)),
		StartMs:          record.Start.UnixMilli(),
		OffsetMinutes:    int32(offset / 60),
		LengthMs:         record.For.Milliseconds(),
		ObservedMs:       record.ObservedFor.Milliseconds(),
		Login:            b.login(record.Login),
		Session:          b.text(record.Session),
		App:              b.text(record.App),
		Product:          b.text(record.Product),
		Bundle:           b.text(record.Bundle),
		Title:            b.text(record.Title),
		Site:             b.text(record.Site),
		Url:              b.text(record.URL),
		Private:          record.Private,
		EndedBy:          agentv1.EndedBy(endedByNumber(record.EndedBy)),
		Reason:           agentv1.Reason(reasonNumber(record.Reason)),
		SettingsRevision: b.text(record.Revision),
	}
}

func (b *Builder) text(text string) uint32 {
	index, known := b.strings[text]
	if !known {
		index = uint32(len(b.batch.Strings))
		b.strings[text] = index
		b.batch.Strings = append(b.batch.Strings, text)
		b.bytes += 4 + len(text)
	}
	return index
}

func (b *Builder) login(login Login) uint32 {
	index, known := b.logins[login]
	if !known {
		index = uint32(len(b.batch.Logins))
		b.logins[login] = index
		b.batch.Logins = append(b.batch.Logins, &agentv1.Login{
			Authority: login.Authority, Account: login.Account, Name: login.Name,
		})
		b.bytes += 16 + len(login.Authority) + len(login.Account) + len(login.Name)
	}
	return index
}

// Len is the number of records added.
func (b *Builder) Len() int { return len(b.batch.Episodes) }

// Digest is the stream's digest after the last record added.
func (b *Builder) Digest() Digest { return b.digest }

// Batch gives what was built; nil without records. The builder is done with then.
func (b *Builder) Batch() *agentv1.Batch {
	if len(b.batch.Episodes) == 0 {
		return nil
	}
	return b.batch
}
