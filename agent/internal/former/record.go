package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

const (
	recordVersion  = 2
	maxRecordBytes = 64 << 10
	maxMillis      = 1 << 40
	maxOffset      = 18 * 60
	minStart       = 0
	maxStart       = 253402300799999
)

type record struct {
	authority, account, name string
	session, product, bundle string
	app, title, site, url    string
	revision                 string
	state, endedBy, reason   string
	start                    time.Time
	length, observed         time.Duration
	private                  bool
}

var errRecord = errors.New("damaged record")

func decodeRecord(canonical []byte) (record, error) {
	if len(canonical) == 0 || len(canonical) > maxRecordBytes {
		return record{}, fmt.Errorf("%w: %d bytes", errRecord, len(canonical))
	}
	version := canonical[0]
	if version == 0 || version > recordVersion {
		return record{}, fmt.Errorf("%w: version %d", errRecord, version)
	}
	r := reader{rest: canonical[1:]}
	var out record
	out.authority = r.text()
	out.account = r.text()
	out.name = r.text()
	out.session = r.text()
	out.product = r.text()
	out.state = word(&r, states[:])
	startMillis := r.varint()
	offset := r.varint()
	out.length = r.length()
	out.app = r.text()
	out.title = r.text()
	out.site = r.text()
	out.url = r.text()
	out.private = r.flag()
	out.endedBy = word(&r, endings[:])
	out.reason = word(&r, reasons[:])
	out.observed = r.length()
	out.revision = r.text()
	if version == recordVersion {
		out.bundle = r.text()
		r.bad = r.bad || out.bundle == ""
	}
	if offset < -maxOffset || offset > maxOffset || startMillis < minStart || startMillis > maxStart {
		r.bad = true
	}
	if r.bad || len(r.rest) != 0 {
		return record{}, errRecord
	}
	out.start = time.UnixMilli(startMillis).In(zone(int32(offset)))
	return out, nil
}

// word reads an enum's number and gives its word.
func word(r *reader, words []string) string {
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
	states  = [...]string{"", "active", "passive", "locked"}
	endings = [...]string{
		"", "focus", "idle", "input", "limit", "lock", "sleep",
		"unlock", "wake", "schedule", "pause", "settings", "clock",
		"logoff", "shutdown", "end", "crash",
	}
	reasons = [...]string{"", "lock", "sleep"}
)
