package stream

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// Opened is a batch whose every index and bound was checked.
type Opened struct {
	ID          ID
	First, Last uint64
	// Before is the digest of the stream before First, as the sender says.
	Before Digest
	Logins []Login
	// Entries are the batch's episodes: the first has sequence First, the last Last.
	Entries []Entry
}

// Entry is one record of a batch.
type Entry struct {
	Record
	// LoginIndex points into Opened.Logins.
	LoginIndex int
	// After is the stream's digest after this record, if Opened.Before is right.
	After Digest
	// Fault is why this record is refused by itself; nil where it holds. The digest counts it all the same.
	Fault *Fault
}

// Open checks a batch by security.md §3 and takes it apart. A fault of the batch as a whole is a *Fault and gives no
// records; a fault of one record is kept in its entry. Texts are as they were sent: the reader passes them through
// Printable after the digest is settled.
func Open(batch *agentv1.Batch) (*Opened, error) {
	if err := checkBatch(batch); err != nil {
		return nil, err
	}
	opened := &Opened{
		ID:      ID(batch.Stream),
		First:   batch.FirstSequence,
		Last:    batch.FirstSequence + uint64(len(batch.Episodes)) - 1,
		Before:  Digest(batch.Digest),
		Logins:  make([]Login, len(batch.Logins)),
		Entries: make([]Entry, len(batch.Episodes)),
	}
	loginFaults := make([]*Fault, len(batch.Logins))
	for i, login := range batch.Logins {
		opened.Logins[i] = Login{Authority: login.GetAuthority(), Account: login.GetAccount(), Name: login.GetName()}
		loginFaults[i] = opened.Logins[i].check("login")
	}
	t := table{batch: batch, opened: opened}
	digest := opened.Before
	for i, e := range batch.Episodes {
		entry := &opened.Entries[i]
		if err := t.read(entry, e, i); err != nil {
			return nil, err
		}
		if loginFaults[entry.LoginIndex] != nil {
			entry.Fault = loginFaults[entry.LoginIndex]
		}
		digest = digest.Next(t.canonical)
		entry.After = digest
	}
	return opened, nil
}

func checkBatch(batch *agentv1.Batch) error {
	count := uint64(len(batch.GetEpisodes()))
	switch {
	case len(batch.GetStream()) != len(ID{}):
		return fault("batch.stream", "%d bytes instead of %d", len(batch.GetStream()), len(ID{}))
	case len(batch.Digest) != len(Digest{}):
		return fault("batch.digest", "%d bytes instead of %d", len(batch.Digest), len(Digest{}))
	case count == 0:
		return fault("batch.episodes", "empty")
	case count > MaxEpisodes:
		return fault("batch.episodes", "%d, more than %d", count, MaxEpisodes)
	case batch.FirstSequence == 0 || batch.FirstSequence > MaxSequence-count:
		return fault("batch.first_sequence", "%d is out of range", batch.FirstSequence)
	case batch.FirstSequence == 1 && Digest(batch.Digest) != Digest{}:
		return fault("batch.digest", "not zero at the start of a stream")
	case len(batch.Logins) > MaxLogins:
		return fault("batch.logins", "%d, more than %d", len(batch.Logins), MaxLogins)
	}
	return checkStrings(batch.Strings)
}

func checkStrings(table []string) error {
	switch {
	case len(table) > MaxStrings:
		return fault("batch.strings", "%d, more than %d", len(table), MaxStrings)
	case len(table) == 0 || table[0] != "":
		return fault("batch.strings", "the first is not the empty string")
	}
	total := 0
	for i, text := range table {
		total += len(text)
		if len(text) > MaxStringBytes {
			return fault(fmt.Sprintf("batch.strings[%d]", i), "longer than %d bytes", MaxStringBytes)
		}
		if !utf8.ValidString(text) {
			return fault(fmt.Sprintf("batch.strings[%d]", i), "not UTF-8")
		}
	}
	if total > MaxStringsBytes {
		return fault("batch.strings", "%d bytes, more than %d", total, MaxStringsBytes)
	}
	return nil
}

// table reads episodes against a batch's strings. One of it serves a whole batch, so that an episode costs no
// allocation.
type table struct {
	batch  *agentv1.Batch
	opened *Opened
	// numbers and canonical are of the record read last.
	numbers   numbers
	canonical []byte
	// zone belongs to offset: nearly all episodes of a batch share one.
	zone   *time.Location
	offset int32
}

func (t *table) read(entry *Entry, e *agentv1.Episode, i int) error {
	if int64(e.GetLogin()) >= int64(len(t.opened.Logins)) {
		return fault(fmt.Sprintf("batch.episodes[%d].login", i), "no login %d", e.GetLogin())
	}
	entry.LoginIndex = int(e.GetLogin())
	entry.Login = t.opened.Logins[entry.LoginIndex]
	n := &t.numbers
	*n = numbers{
		login: &entry.Login,
		state: uint32(e.GetState()), endedBy: uint32(e.GetEndedBy()), reason: uint32(e.GetReason()),
		startMillis: e.GetStartMs(), offsetMinutes: e.GetOffsetMinutes(),
		lengthMillis: e.GetLengthMs(), observedMillis: e.GetObservedMs(), private: e.GetPrivate(),
	}
	for _, text := range [...]struct {
		to    *string
		index uint32
		field string
	}{
		{&n.session, e.GetSession(), "session"}, {&n.app, e.GetApp(), "app"},
		{&n.product, e.GetProduct(), "product"}, {&n.bundle, e.GetBundle(), "bundle"}, {&n.title, e.GetTitle(), "title"},
		{&n.site, e.GetSite(), "site"}, {&n.url, e.GetUrl(), "url"},
		{&n.revision, e.GetSettingsRevision(), "settings_revision"},
	} {
		if int64(text.index) >= int64(len(t.batch.Strings)) {
			return fault(fmt.Sprintf("batch.episodes[%d].%s", i, text.field), "no string %d", text.index)
		}
		*text.to = t.batch.Strings[text.index]
	}
	t.canonical = appendNumbers(t.canonical[:0], n)
	if entry.Fault = n.check(); entry.Fault == nil {
		t.fill(&entry.Record, n)
	}
	return nil
}

// fill makes a record of numbers that passed check.
func (t *table) fill(record *Record, n *numbers) {
	if t.zone == nil || t.offset != n.offsetMinutes {
		t.zone, t.offset = zone(n.offsetMinutes), n.offsetMinutes
	}
	record.Session = n.session
	record.Product, record.Bundle = n.product, n.bundle
	record.Episode = n.episode(t.zone)
}

func (n *numbers) episode(zone *time.Location) episode.Episode {
	return episode.Episode{
		State:       states[n.state],
		Start:       time.UnixMilli(n.startMillis).In(zone),
		For:         time.Duration(n.lengthMillis) * time.Millisecond,
		Identity:    episode.Identity{App: n.app, Title: n.title, Site: n.site, URL: n.url, Private: n.private},
		EndedBy:     endings[n.endedBy],
		ObservedFor: time.Duration(n.observedMillis) * time.Millisecond,
		Reason:      reasons[n.reason],
		Revision:    n.revision,
	}
}

// Going reads an open episode by the rules of a closed one, as a record without an ending. One that lasts no
// millisecond yet is taken too. A fault is a *Fault.
func Going(e *agentv1.OpenEpisode) (Record, error) {
	n := numbers{
		session: e.GetSession(), product: e.GetProduct(), bundle: e.GetBundle(), app: e.GetApp(), title: e.GetTitle(),
		site: e.GetSite(), url: e.GetUrl(), revision: e.GetSettingsRevision(),
		state: uint32(e.GetState()), endedBy: uint32(agentv1.EndedBy_ENDED_BY_END), reason: uint32(e.GetReason()),
		startMillis: e.GetStartMs(), offsetMinutes: e.GetOffsetMinutes(), lengthMillis: max(1, e.GetLengthMs()),
		private: e.GetPrivate(),
	}
	login := Login{
		Authority: e.GetLogin().GetAuthority(), Account: e.GetLogin().GetAccount(), Name: e.GetLogin().GetName(),
	}
	if err := login.check("login"); err != nil {
		return Record{}, err
	}
	if err := n.check(); err != nil {
		return Record{}, err
	}
	for _, text := range []string{n.app, n.product, n.bundle, n.site, n.revision} {
		if len(text) > MaxStringBytes {
			return Record{}, fault("open", "a text longer than %d bytes", MaxStringBytes)
		}
	}
	record := Record{
		Login: login, Session: n.session, Product: n.product, Bundle: n.bundle, Episode: n.episode(zone(n.offsetMinutes)),
	}
	record.For = time.Duration(max(0, e.GetLengthMs())) * time.Millisecond
	record.EndedBy = ""
	return record, nil
}
