package duckdb

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// Pieces gives the settled time of each person in order.
func (s *Store) Pieces(ctx context.Context, q *collector.Query) (pieces []collector.Piece, err error) {
	zones := zones{}
	how := reckon{planning: planning{sweepAll: true}, piece: func(t *tally, winner *contender, u *unit, from, to int32) {
		one, entry := &t.parts[winner.part], winner.entry()
		state := winner.state()
		if one.slot < 0 || !t.wanted[state] || state != locked && entry&dropped == dropped {
			return
		}
		cell := &t.classes.cells[winner.cell()]
		t.pieces = append(t.pieces, settled{
			Piece: collector.Piece{
				Person: int(t.owners[one.owner].person), Start: time.UnixMilli(u.begin + int64(from)), For: millis(int64(to - from)),
				State: states[state], App: cell.app, Site: cell.site, Class: cell.class,
			}, offset: one.offset,
		})
	}}
	err = s.reckonBy(ctx, "pieces", q, how, func(_ *reckoning, total *tally) error {
		slices.SortFunc(total.pieces, func(a, b settled) int {
			return cmp.Or(cmp.Compare(a.Person, b.Person), a.Start.Compare(b.Start))
		})
		for _, one := range total.pieces {
			one.Start = one.Start.In(zones.of(one.offset))
			pieces = append(pieces, one.Piece)
		}
		return nil
	})
	return pieces, err
}

// settled is a piece with the offset it is told in.
type settled struct {
	collector.Piece
	offset int16
}
