package report

import (
	"context"
	"math"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/directory"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// Whole calls yield with the ranges, oldest first, that hold all there is of one person: each is a question of its own.
// NotFound for a person who is not the viewer's own, unless the viewer is an administrator.
func (r *Reports) Whole(ctx context.Context, viewer collector.Viewer, person string, yield func(*adminv1.ReportRequest) error) error {
	d, err := r.Directory.Now(ctx)
	if err != nil {
		return err
	}
	scope := d.Scope(viewer)
	who, err := d.FindPerson(person, scope)
	if err != nil {
		return err
	}
	if viewer.Role != collector.Admin && who.ID != scope.Self() {
		_, err := d.FindPerson(person, directory.Scope{})
		return err
	}
	days, err := daysOf(&adminv1.ReportRequest{}, &r.Set().Account.Reports, r.now())
	if err != nil {
		return err
	}
	first, err := r.Store.FirstDays(ctx)
	if err != nil {
		return err
	}
	from, to := days.today, days.today+1 // a device's day may be ahead of the collector's
	for owner, day := range first {
		if d.Person(owner).ID == who.ID && scope.Totals(owner) {
			from = min(from, day-1) // and behind
		}
	}
	for from <= to {
		last := min(to, numberOf(midnight(from, time.UTC).AddDate(maxYears, 0, -1)))
		if err := yield(&adminv1.ReportRequest{Person: who.ID, From: dateOf(from), To: dateOf(last)}); err != nil {
			return err
		}
		from = last + 1
	}
	return nil
}

// Since is the first day of which something is stored of the viewer itself; empty: nothing is.
func (r *Reports) Since(ctx context.Context, viewer collector.Viewer) (string, error) {
	d, err := r.Directory.Now(ctx)
	if err != nil {
		return "", err
	}
	first, err := r.Store.FirstDays(ctx)
	if err != nil {
		return "", err
	}
	scope := d.Scope(viewer)
	since := int32(math.MaxInt32)
	for owner, day := range first {
		if scope.Own(owner) {
			since = min(since, day)
		}
	}
	if since == math.MaxInt32 {
		return "", nil
	}
	return dateOf(since), nil
}

// Episodes calls yield with chunks of all single episodes of a question, oldest first: also those of days that have left
// the activity log.
func (r *Reports) Episodes(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest, yield func([]*adminv1.ActivityRow) error) error {
	return r.stream(ctx, ask, func(ctx context.Context) (*question, error) {
		return r.look(ctx, viewer, "export", ask, goingOn)
	}, yield)
}
