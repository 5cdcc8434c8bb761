package report

import (
	"context"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

const (
	// pageRows are of one page where the question does not say; maxPageRows are at most.
	pageRows    = 100
	maxPageRows = 1000
	// streamsAtOnce are served: each may hold what the store sorts at a time, some 45 MB, however slowly it is taken.
	streamsAtOnce = 2
)

// ListActivity gives a page of the activity log.
func (r *Reports) ListActivity(ctx context.Context, viewer collector.Viewer, ask *adminv1.ListActivityRequest) (answer *adminv1.ListActivityResponse, err error) {
	page := collector.Page{Search: ask.GetAsk().GetSearch(), NewestFirst: ask.NewestFirst, Limit: int(ask.Limit)}
	switch {
	case page.Limit == 0:
		page.Limit = pageRows
	case page.Limit < 0 || page.Limit > maxPageRows:
		return nil, collector.Refuse(collector.BadRequest, "limit", "%d is not within 1 and %d", page.Limit, maxPageRows)
	}
	err = r.answer(ctx, func(ctx context.Context) error {
		// A search is typed letter by letter; in what was just looked at it is the same look.
		again := continued(ask.Cursor != "" || page.Search != "")
		q, err := r.log(ctx, viewer, ask.GetAsk(), again)
		if err != nil {
			return err
		}
		if page.After, err = r.cursors.unwrap(viewer, q, ask.Cursor); err != nil {
			return err
		}
		answer = &adminv1.ListActivityResponse{Days: q.days.message()}
		next, err := r.rows(ctx, q, page, func(rows []*adminv1.ActivityRow) error {
			answer.Rows = append(answer.Rows, rows...)
			return nil
		})
		answer.NextCursor = r.cursors.wrap(viewer, q, next)
		return err
	})
	return answer, err
}

// Activity calls yield with chunks of the activity log, oldest first. While yield works nobody is held up, however slow it
// is.
func (r *Reports) Activity(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest, yield func([]*adminv1.ActivityRow) error) error {
	return r.stream(ctx, ask, func(ctx context.Context) (*question, error) { return r.log(ctx, viewer, ask, firstLook) }, yield)
}

// stream reads all that a question about single activities is of. While yield works it has no place.
func (r *Reports) stream(ctx context.Context, ask *adminv1.ReportRequest, understand func(context.Context) (*question, error), yield func([]*adminv1.ActivityRow) error) error {
	select {
	case r.streams <- struct{}{}:
		defer func() { <-r.streams }()
	default:
		return collector.Refuse(collector.TooMany, "", "%d activity logs are being read; try again in a moment", streamsAtOnce)
	}
	return r.inTurn(ctx, func(t *turn) error {
		q, err := understand(t.ctx)
		if err != nil {
			return err
		}
		_, err = r.rows(t.ctx, q, collector.Page{Search: ask.GetSearch()}, func(rows []*adminv1.ActivityRow) error {
			return t.away(func() error { return yield(rows) })
		})
		return err
	})
}

// log understands a question about the activity log, which shows no day before storage.limit lets it.
func (r *Reports) log(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest, again continued) (*question, error) {
	q, err := r.look(ctx, viewer, "activity", ask, again)
	if err != nil || r.ActivityFrom == nil {
		return q, err
	}
	first, err := r.ActivityFrom(ctx)
	if q.query.FromDay = max(q.query.FromDay, first); q.query.FromDay > q.query.ToDay {
		clear(q.query.Owners)
	}
	return q, err
}

// rows reads a page, with people and devices called by their names.
func (r *Reports) rows(ctx context.Context, q *question, page collector.Page, yield func([]*adminv1.ActivityRow) error) (next string, err error) {
	if len(q.query.Owners) == 0 {
		return "", nil
	}
	names, own := make(map[string]string, len(q.query.People)), map[string]bool{}
	for i, person := range q.query.People {
		names[person.ID], own[person.ID] = person.Name, q.own.has(i)
	}
	lacking := &lacking{r: r, q: q, known: map[string]map[browserOf]string{}}
	return r.Store.Episodes(ctx, q.query, page, func(rows []*adminv1.ActivityRow) error {
		for _, row := range rows {
			if err := lacking.tell(ctx, row); err != nil {
				return err
			}
			row.PersonName, row.DeviceName = names[row.Person], q.who.DeviceName(row.Device)
			if !q.scope.SeesLogins() && !own[row.Person] {
				row.Login = ""
			}
		}
		return yield(rows)
	})
}
