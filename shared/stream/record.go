package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dayline-project/dayline/shared/episode"
)

// RecordVersion is the highest that the first of a record's canonical bytes can be.
//
// The canonical bytes are what an agent has on disk and what every digest is made of, so they never change: version 1
// stays byte for byte as it is. A later version may only append fields, a record whose new fields are all empty is
// still written as version 1, and an agent gives new fields a value only towards a collector whose settings document
// says that it knows them (settings.Device.Records); else the two would disagree about the digest.
//
// Version 2 appends the bundle.
const RecordVersion = 2

// maxRecordBytes bounds what DecodeRecord looks at; the strings of one record stay far below it.
const maxRecordBytes = 64 << 10

// maxMillis bounds lengths so that they stay inside time.Duration.
const maxMillis = 1 << 40

// numbers is a record with its words as the numbers of the contract's enums: what the canonical bytes are made of.
// It can hold every value that travels, known to this version or not.
type numbers struct {
	login                        *Login
	session, product, bundle     string
	app, title, site, url        string
	revision                     string
	state, endedBy, reason       uint32
	startMillis                  int64
	offsetMinutes                int32
	lengthMillis, observedMillis int64
	private                      bool
}

// AppendRecord appends a record's canonical bytes: the version, then in fixed order authority, account, name,
// session, product, state, start, offset, length, app, title, site, url, private, ended by, reason, observed length
// and revision; in version 2 also the bundle. Text is its length and its bytes; numbers are varints as of encoding/binary. Start counts in whole
// milliseconds since 1970, its offset in whole minutes, lengths in whole milliseconds: what is finer is cut off. Text
// that is not UTF-8 is repaired, for the contract carries no other; a state, ending or reason the contract does not
// know is written as none.
func AppendRecord(dst []byte, record *Record) []byte {
	_, offset := record.Start.Zone()
	return appendNumbers(dst, &numbers{
		login: &Login{
			Authority: valid(record.Login.Authority),
			Account:   valid(record.Login.Account),
			Name:      valid(record.Login.Name),
		},
		session:        valid(record.Session),
		product:        valid(record.Product),
		bundle:         valid(record.Bundle),
		app:            valid(record.App),
		title:          valid(record.Title),
		site:           valid(record.Site),
		url:            valid(record.URL),
		revision:       valid(record.Revision),
		state:          uint32(stateNumber(record.State)),
		endedBy:        uint32(endedByNumber(record.EndedBy)),
		reason:         uint32(reasonNumber(record.Reason)),
		startMillis:    record.Start.UnixMilli(),
		offsetMinutes:  int32(offset / 60),
		lengthMillis:   record.For.Milliseconds(),
		observedMillis: record.ObservedFor.Milliseconds(),
		private:        record.Private,
	})
}

func appendNumbers(dst []byte, n *numbers) []byte {
	version := byte(1)
	if n.bundle != "" {
		version = RecordVersion
	}
	dst = append(dst, version)
	dst = appendText(dst, n.login.Authority)
	dst = appendText(dst, n.login.Account)
	dst = appendText(dst, n.login.Name)
	dst = appendText(dst, n.session)
	dst = appendText(dst, n.product)
	dst = binary.AppendUvarint(dst, uint64(n.state))
	dst = binary.AppendVarint(dst, n.startMillis)
	dst = binary.AppendVarint(dst, int64(n.offsetMinutes))
	dst = binary.AppendUvarint(dst, uint64(n.lengthMillis))
	dst = appendText(dst, n.app)
	dst = appendText(dst, n.title)
	dst = appendText(dst, n.site)
	dst = appendText(dst, n.url)
	private := byte(0)
	if n.private {
		private = 1
	}
	dst = append(dst, private)
	dst = binary.AppendUvarint(dst, uint64(n.endedBy))
	dst = binary.AppendUvarint(dst, uint64(n.reason))
	dst = binary.AppendUvarint(dst, uint64(n.observedMillis))
	dst = appendText(dst, n.revision)
	if n.bundle != "" {
		dst = appendText(dst, n.bundle)
	}
	return dst
}

func appendText(dst []byte, text string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(text)))
	return append(dst, text...)
}

func valid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// ErrRecord is wrapped by every error of DecodeRecord.
var ErrRecord = errors.New("stream: damaged record")

// DecodeRecord reads canonical bytes. Of any bytes it takes, AppendRecord gives the same bytes again; all others are
// refused, wrapping ErrRecord. The start has the record's offset as its zone.
func DecodeRecord(canonical []byte) (Record, error) {
	if len(canonical) == 0 || len(canonical) > maxRecordBytes {
		return Record{}, fmt.Errorf("%w: %d bytes", ErrRecord, len(canonical))
	}
	version := canonical[0]
	if version == 0 || version > RecordVersion {
		return Record{}, fmt.Errorf("%w: version %d", ErrRecord, version)
	}
	r := reader{rest: canonical[1:]}
	var record Record
	record.Login.Authority = r.text()
	record.Login.Account = r.text()
	record.Login.Name = r.text()
	record.Session = r.text()
	record.Product = r.text()
	record.State = word(&r, states[:])
	startMillis := r.varint()
	offset := r.varint()
	record.For = r.length()
	record.App = r.text()
	record.Title = r.text()
	record.Site = r.text()
	record.URL = r.text()
	record.Private = r.flag()
	record.EndedBy = word(&r, endings[:])
	record.Reason = word(&r, reasons[:])
	record.ObservedFor = r.length()
	record.Revision = r.text()
	if version == RecordVersion {
		record.Bundle = r.text()
		r.bad = r.bad || record.Bundle == ""
	}
	if offset < -maxOffset || offset > maxOffset || startMillis < minStart || startMillis > maxStart {
		r.bad = true
	}
	if r.bad || len(r.rest) != 0 {
		return Record{}, ErrRecord
	}
	record.Start = time.UnixMilli(startMillis).In(zone(int32(offset)))
	return record, nil
}

// word reads an enum's number and gives its word.
func word[W ~string](r *reader, words []W) W {
	n := r.uvarint()
	if n >= uint64(len(words)) {
		r.bad = true
		return ""
	}
	return words[n]
}

// reader takes canonical bytes apart; bad stays set once anything did not fit.
type reader struct {
	rest []byte
	bad  bool
}

// took accounts for a varint of n bytes. A longer form than needed is refused: each value has one form.
func (r *reader) took(n int) {
	if n <= 0 || n > 1 && r.rest[n-1] == 0 {
		r.bad = true
		r.rest = nil
		return
	}
	r.rest = r.rest[n:]
}

func (r *reader) uvarint() uint64 {
	value, n := binary.Uvarint(r.rest)
	r.took(n)
	return value
}

func (r *reader) varint() int64 {
	value, n := binary.Varint(r.rest)
	r.took(n)
	return value
}

func (r *reader) length() time.Duration {
	millis := r.uvarint()
	if millis > maxMillis {
		r.bad = true
		return 0
	}
	return time.Duration(millis) * time.Millisecond
}

func (r *reader) flag() bool {
	if len(r.rest) == 0 || r.rest[0] > 1 {
		r.bad = true
		return false
	}
	set := r.rest[0] == 1
	r.rest = r.rest[1:]
	return set
}

func (r *reader) text() string {
	size := r.uvarint()
	if size > uint64(len(r.rest)) || !utf8.Valid(r.rest[:size]) {
		r.bad = true
		r.rest = nil
		return ""
	}
	text := string(r.rest[:size])
	r.rest = r.rest[size:]
	return text
}

// zone gives a fixed zone; UTC for no offset, so that equal times compare equal.
func zone(offsetMinutes int32) *time.Location {
	if offsetMinutes == 0 {
		return time.UTC
	}
	return time.FixedZone("", int(offsetMinutes)*60)
}

// The words of the contract's enums, by number (dayline.agent.v1.State, EndedBy, Reason). Zero is none.
var (
	states  = [...]episode.State{"", episode.Active, episode.Passive, episode.Locked}
	endings = [...]episode.EndedBy{
		"", episode.ByFocus, episode.ByIdle, episode.ByInput, episode.ByLimit, episode.ByLock, episode.BySleep,
		episode.ByUnlock, episode.ByWake, episode.BySchedule, episode.ByPause, episode.BySettings, episode.ByClock,
		episode.ByLogoff, episode.ByShutdown, episode.ByEnd, episode.ByCrash,
	}
	reasons = [...]episode.Reason{"", episode.ReasonLock, episode.ReasonSleep}
)

func number[W ~string](word W, words []W) int {
	for n, known := range words {
		if known == word {
			return n
		}
	}
	return 0
}

func stateNumber(state episode.State) int       { return number(state, states[:]) }
func endedByNumber(endedBy episode.EndedBy) int { return number(endedBy, endings[:]) }
func reasonNumber(reason episode.Reason) int    { return number(reason, reasons[:]) }
