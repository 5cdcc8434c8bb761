package duckdb

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

const (
	// streamRows are sorted at a time where all are asked for; each takes 64 bytes, and up to twice as many are held.
	streamRows = 100_000
	// yieldRows are given at a time.
	yieldRows = 1000
)

// Episodes gives single episodes in order of start, stored and open ones in one. Between two parts nothing is held, so
// that a slow reader keeps nobody from the file.
func (s *Store) Episodes(
	ctx context.Context, q *collector.Query, page collector.Page, yield func([]*adminv1.ActivityRow) error,
) (next string, err error) {
	print := fingerprint(q, page)
	after, err := parsePlace(page.After, print)
	if err != nil {
		return "", err
	}
	var log *episodeLog
	if err := s.read("episodes", func(f *file) (err error) {
		log, err = newEpisodeLog(ctx, f, q, page)
		return err
	}); err != nil {
		return "", err
	}
	limit, enough := streamRows, 1
	if page.Limit > 0 {
		limit, enough = page.Limit+1, page.Limit+1
	}
	for {
		var rows []logRow
		if err := s.read("episodes", func(f *file) (err error) {
			rows, err = log.take(ctx, f, after, limit, enough)
			return err
		}); err != nil || len(rows) == 0 {
			return "", err
		}
		if page.Limit > 0 && len(rows) > page.Limit {
			rows = rows[:page.Limit]
			next = rows[page.Limit-1].place.token(print)
		}
		if err := s.giveRows(ctx, log, rows, yield); err != nil || page.Limit > 0 {
			return next, err
		}
		after = rows[len(rows)-1].place
	}
}

// giveRows looks up what the rows' numbers stand for, a part at a time.
func (s *Store) giveRows(ctx context.Context, log *episodeLog, rows []logRow, yield func([]*adminv1.ActivityRow) error) error {
	for len(rows) > 0 {
		part := rows[:min(log.lookup.part, len(rows))]
		rows = rows[len(part):]
		if err := s.read("episodes", func(f *file) error { return log.lookup.load(ctx, f, part) }); err != nil {
			return err
		}
		for len(part) > 0 {
			few := part[:min(yieldRows, len(part))]
			part = part[len(few):]
			if err := yield(log.rows(few)); err != nil {
				return err
			}
		}
	}
	return nil
}

// place of an episode in the log. What follows start only parts those that start in the same millisecond; an open
// episode comes after the stored one it becomes, in either order, so that a page behind it does not show it again.
type place struct {
	// turned is the start in milliseconds since 1970, negative where the newest comes first.
	turned int64
	// stretch stands for device, login and session.
	stretch  uint64
	open     bool
	segment  int32
	sequence int16
}

func (p place) compare(other place) int {
	if by := cmp.Compare(p.turned, other.turned); by != 0 {
		return by
	}
	if by := cmp.Compare(p.stretch, other.stretch); by != 0 {
		return by
	}
	if p.open != other.open {
		if p.open {
			return 1
		}
		return -1
	}
	return cmp.Or(cmp.Compare(p.segment, other.segment), cmp.Compare(p.sequence, other.sequence))
}

// beforeAll is the place no episode comes before.
var beforeAll = place{turned: -1 << 62}

// token is the place as a cursor, bound to the question it is of.
func (p place) token(fingerprint [8]byte) string {
	token := make([]byte, 0, 31)
	token = append(token, fingerprint[:]...)
	token = binary.BigEndian.AppendUint64(token, uint64(p.turned))
	token = binary.BigEndian.AppendUint64(token, p.stretch)
	token = binary.BigEndian.AppendUint32(token, uint32(p.segment))
	token = binary.BigEndian.AppendUint16(token, uint16(p.sequence))
	open := byte(0)
	if p.open {
		open = 1
	}
	return base64.RawURLEncoding.EncodeToString(append(token, open))
}

// parsePlace reads a cursor of the question with that fingerprint; an empty one is before all.
func parsePlace(cursor string, fingerprint [8]byte) (place, error) {
	if cursor == "" {
		return beforeAll, nil
	}
	token, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(token) != 31 || [8]byte(token) != fingerprint {
		return place{}, collector.Refuse(collector.BadRequest, "cursor", "is not of this question")
	}
	return place{
		turned:  int64(binary.BigEndian.Uint64(token[8:])),
		stretch: binary.BigEndian.Uint64(token[16:]),
		segment: int32(binary.BigEndian.Uint32(token[24:])), sequence: int16(binary.BigEndian.Uint16(token[28:])),
		open: token[30] == 1,
	}, nil
}

// fingerprint of what is asked and in which order. Owners are left out: they grow while pages are read, and no cursor
// widens them.
func fingerprint(q *collector.Query, page collector.Page) [8]byte {
	zone := ""
	if q.Zone != nil {
		zone = q.Zone.String()
	}
	asked, err := json.Marshal([]any{q.FromDay, q.ToDay, zone, q.Only, page.Search, page.NewestFirst})
	if err != nil {
		panic(err) // numbers and texts
	}
	sum := sha256.Sum256(asked)
	return [8]byte(sum[:])
}
