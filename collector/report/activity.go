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
	// streamRows are read at a time where all are asked for.
	streamRows = 10_000
	// streamsAtOnce are served, each with streamRows in memory however slowly they are taken.
	streamsAtOnce = 8
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
		q, err := r.log(ctx, viewer, ask.GetAsk(), continued(ask.Cursor != ""))
		if err != nil {
			return err
		}
		if page.After, err = r.cursors.unwrap(q, ask.Cursor); err != nil {
			return err
		}
		answer = &adminv1.ListActivityResponse{Days: q.days.message()}
		answer.Rows, page.After, err = r.rows(ctx, q, page)
		answer.NextCursor = r.cursors.wrap(q, page.After)
		return err
	})
	return answer, err
}

// Activity calls yield with chunks of the activity log, oldest first. Between two it holds nobody up, however slow yield
// is.
func (r *Reports) Activity(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest, yield func([]*adminv1.ActivityRow) error) error {
	return r.stream(ctx, ask, func(ctx context.Context) (*question, error) { return r.log(ctx, viewer, ask, firstLook) }, yield)
}

// stream reads the episodes of a look, a page at a time.
func (r *Reports) stream(ctx context.Context, ask *adminv1.ReportRequest, look func(context.Context) (*question, error), yield func([]*adminv1.ActivityRow) error) error {
	select {
	case r.streams <- struct{}{}:
		defer func() { <-r.streams }()
	default:
		return collector.Refuse(collector.TooMany, "", "%d activity logs are being read; try again in a moment", streamsAtOnce)
	}
	page := collector.Page{Search: ask.GetSearch(), Limit: streamRows}
	var q *question
	var rows []*adminv1.ActivityRow
	read := func(ctx context.Context) (err error) {
		rows, page.After, err = r.rows(ctx, q, page)
		return err
	}
	err := r.answer(ctx, func(ctx context.Context) (err error) {
		if q, err = look(ctx); err != nil {
			return err
		}
		return read(ctx)
	})
	for err == nil {
		if err = yield(rows); err != nil || page.After == "" {
			return err
		}
		err = r.goOn(ctx, read)
	}
	return err
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
func (r *Reports) rows(ctx context.Context, q *question, page collector.Page) (rows []*adminv1.ActivityRow, next string, err error) {
	if len(q.query.Owners) == 0 {
		return nil, "", nil
	}
	names := make(map[string]string, len(q.query.People))
	for _, person := range q.query.People {
		names[person.ID] = person.Name
	}
	own := make(map[string]bool)
	for i, person := range q.query.People {
		if q.own.has(i) {
			own[person.ID] = true
		}
	}
	next, err = r.Store.Episodes(ctx, q.query, page, func(chunk []*adminv1.ActivityRow) error {
		for _, row := range chunk {
			row.PersonName, row.DeviceName = names[row.Person], q.who.DeviceName(row.Device)
			if !q.scope.SeesLogins() && !own[row.Person] {
				row.Login = ""
			}
		}
		rows = append(rows, chunk...)
		return nil
	})
	return rows, next, err
}
