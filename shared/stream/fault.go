package stream

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// Bounds of one record. One that exceeds them is refused by itself.
const (
	MinFor            = time.Millisecond
	MaxFor            = 7 * 24 * time.Hour
	MaxSessionBytes   = 32
	MaxLoginNameBytes = 512
	// MaxLogins bounds the logins of one batch; a terminal server has some hundreds.
	MaxLogins = 1000
	// MaxSequence keeps sequences far from overflow, and from what JSON cannot hold.
	MaxSequence = 1 << 40

	maxOffset = 18 * 60
	minStart  = 0
	// maxStart is the last millisecond of the year 9999: later ones have no RFC 3339 form.
	maxStart = 253402300799999
)

// Fault says what of a batch or a record does not hold: the field as a path in the contract's names, and the reason.
type Fault struct {
	Field  string
	Reason string
}

// Error gives "field: reason".
func (f *Fault) Error() string { return f.Field + ": " + f.Reason }

func fault(field, format string, args ...any) *Fault {
	return &Fault{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// Check gives a *Fault where a collector would refuse this record by itself, or one of its texts is longer than a
// batch can carry. An agent asks before it buffers.
func (r *Record) Check() error {
	_, offset := r.Start.Zone()
	n := numbers{
		login: &r.Login, session: r.Session, product: r.Product, bundle: r.Bundle,
		app: r.App, title: r.Title, site: r.Site, url: r.URL, revision: r.Revision,
		state: uint32(stateNumber(r.State)), endedBy: uint32(endedByNumber(r.EndedBy)), reason: uint32(reasonNumber(r.Reason)),
		startMillis: r.Start.UnixMilli(), offsetMinutes: int32(offset / 60),
		lengthMillis: r.For.Milliseconds(), observedMillis: r.ObservedFor.Milliseconds(), private: r.Private,
	}
	if r.Reason != "" && n.reason == 0 {
		return fault("reason", "unknown")
	}
	if err := r.Login.check("login"); err != nil {
		return err
	}
	for _, text := range []struct{ field, value string }{
		{"app", r.App}, {"product", r.Product}, {"bundle", r.Bundle}, {"site", r.Site}, {"settings_revision", r.Revision},
	} {
		if len(text.value) > MaxStringBytes {
			return fault(text.field, "longer than %d bytes", MaxStringBytes)
		}
	}
	if err := n.check(); err != nil {
		return err
	}
	return nil
}

// check gives what is wrong with one record by itself; nil where nothing is.
func (n *numbers) check() *Fault {
	switch {
	case n.state == 0 || n.state >= uint32(len(states)):
		return fault("state", "unknown (%d)", n.state)
	case n.endedBy == 0 || n.endedBy >= uint32(len(endings)):
		return fault("ended_by", "unknown (%d)", n.endedBy)
	case n.reason >= uint32(len(reasons)):
		return fault("reason", "unknown (%d)", n.reason)
	case n.startMillis < minStart || n.startMillis > maxStart:
		return fault("start_ms", "not between the years 1970 and 9999")
	case n.offsetMinutes < -maxOffset || n.offsetMinutes > maxOffset:
		return fault("offset_minutes", "beyond 18 hours")
	case n.lengthMillis < MinFor.Milliseconds() || n.lengthMillis > MaxFor.Milliseconds():
		return fault("length_ms", "not between 1 ms and 7 days")
	case n.observedMillis < 0 || n.observedMillis > MaxFor.Milliseconds():
		return fault("observed_ms", "not between 1 ms and 7 days")
	case n.observedMillis != 0 && n.observedMillis < n.lengthMillis:
		return fault("observed_ms", "shorter than the credited length")
	case !printable(n.session) || len(n.session) > MaxSessionBytes:
		return fault("session", "not at most %d printable ASCII characters", MaxSessionBytes)
	case len(n.title) > MaxTitleRunes && utf8.RuneCountInString(n.title) > MaxTitleRunes:
		return fault("title", "longer than %d characters", MaxTitleRunes)
	case len(n.url) > MaxURLBytes:
		return fault("url", "longer than %d bytes", MaxURLBytes)
	}
	return nil
}

func printable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func (l *Login) check(field string) *Fault {
	switch {
	case l.Account == "":
		return fault(field+".account", "empty")
	case len(l.Authority) > MaxLoginNameBytes:
		return fault(field+".authority", "longer than %d bytes", MaxLoginNameBytes)
	case len(l.Account) > MaxLoginNameBytes:
		return fault(field+".account", "longer than %d bytes", MaxLoginNameBytes)
	case len(l.Name) > MaxLoginNameBytes:
		return fault(field+".name", "longer than %d bytes", MaxLoginNameBytes)
	}
	return nil
}
