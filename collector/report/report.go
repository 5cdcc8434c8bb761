// Package report turns questions into rows: whose episodes a viewer means and may see, of which days, and counting as
// what; then the episode store's answer, with what is going on now counted in, in people's words where there is nothing.
package report

import (
	"context"
	"sync"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// Directory tells who is who as of now.
type Directory interface {
	Now(ctx context.Context) (*directory.Directory, error)
}

// Registry is what reports ask of the collector's registry.
type Registry interface {
	Devices(ctx context.Context) ([]collector.Device, error)
	Spans(ctx context.Context, device string, from, to time.Time) ([]*agentv1.Span, error)
	// GoingSpans gives, by device, the spans without an end.
	GoingSpans(ctx context.Context) (map[string][]*agentv1.Span, error)
	// Health is what a device last said of itself.
	Health(ctx context.Context, id string) (*agentv1.Health, error)
	Audit(ctx context.Context, entry collector.AuditEntry) error
}

// Store is the episode store.
type Store interface {
	collector.Questions
	// FirstDays gives the local day of each owner's first episode.
	FirstDays(ctx context.Context) (map[collector.Owner]int32, error)
}

// Going knows the episodes going on.
type Going interface {
	Open(now time.Time) []collector.OpenRow
}

// Options are what reports are made of.
type Options struct {
	Directory Directory
	Registry  Registry
	Store     Store
	Going     Going
	// Set is the configuration in force.
	Set func() *config.Set
	// ActivityFrom is the first day that the activity log shows (storage.limit); nil: it shows all.
	ActivityFrom func(ctx context.Context) (int32, error)
}

// Reports answers questions. Everything it refuses is a *collector.Error: BadRequest or NotFound with the field,
// TooMany while atOnce others are being answered, TooLarge where an answer takes longer than answerFor.
type Reports struct {
	Options
	now func() time.Time
	// places are of the answers being made; streams of the activity logs being read, which hold none between two pages.
	places, streams chan struct{}
	cursors         cursors

	mu sync.Mutex
	// looked is when each look that may go on was written down.
	looked map[string]time.Time
}

// New makes Reports.
func New(o Options) *Reports {
	return &Reports{
		Options: o, now: time.Now, cursors: newCursors(), looked: map[string]time.Time{},
		places: make(chan struct{}, atOnce), streams: make(chan struct{}, streamsAtOnce),
	}
}

// sum answers a question of totals.
func (r *Reports) sum(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest, want collector.Want) (q *question, sums collector.Sums, err error) {
	err = r.answer(ctx, func(ctx context.Context) error {
		q, sums, err = r.total(ctx, viewer, ask, want)
		return err
	})
	return q, sums, err
}

// total is sum in its turn. Where the totals are of too few people, what is the viewer's own is left of them.
func (r *Reports) total(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest, want collector.Want) (*question, collector.Sums, error) {
	q, err := r.understand(ctx, viewer, ask, totals)
	if err != nil {
		return nil, collector.Sums{}, err
	}
	want.Days = want.Days || q.scope.MinPeople() > 1
	sums, err := r.Store.Sum(ctx, q.query, want)
	if err == nil && q.few(peopleOf(sums.Days)) {
		q.onlyOwn()
		sums, err = r.Store.Sum(ctx, q.query, want)
	}
	return q, sums, err
}

// Dashboard gives totals by day, person, application, site and category.
func (r *Reports) Dashboard(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.DashboardReport, error) {
	q, sums, err := r.sum(ctx, viewer, ask, collector.Want{Days: true, Subjects: true})
	if err != nil {
		return nil, err
	}
	times, people := q.times(sums.Days)
	total := times.GetTotal()
	return &adminv1.DashboardReport{
		Days: q.days.message(), Times: times, PeopleCount: int32(people.size()),
		Rows: q.series(sums.Days), People: q.people(sums.Days),
		Apps: topTen(q.apps(sums.Subjects, total)), Sites: topTen(q.sites(sums.Subjects, total)),
		Categories: topTen(q.categories(sums.Subjects, total)),
	}, nil
}

// topTen of rows that are in order of weight.
func topTen[R any](rows []R) []R { return rows[:min(10, len(rows))] }

// People gives totals for each person, by name.
func (r *Reports) People(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.PeopleReport, error) {
	q, sums, err := r.sum(ctx, viewer, ask, collector.Want{Days: true})
	if err != nil {
		return nil, err
	}
	return &adminv1.PeopleReport{Days: q.days.message(), Rows: q.people(sums.Days)}, nil
}

// Apps gives time by application, most first.
func (r *Reports) Apps(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.AppsReport, error) {
	q, sums, err := r.sum(ctx, viewer, ask, collector.Want{Subjects: true})
	if err != nil {
		return nil, err
	}
	return &adminv1.AppsReport{Days: q.days.message(), Rows: q.apps(sums.Subjects, totalOf(sums.Subjects))}, nil
}

// Sites gives time by site, most first.
func (r *Reports) Sites(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.SitesReport, error) {
	q, sums, err := r.sum(ctx, viewer, ask, collector.Want{Subjects: true})
	if err != nil {
		return nil, err
	}
	return &adminv1.SitesReport{Days: q.days.message(), Rows: q.sites(sums.Subjects, totalOf(sums.Subjects))}, nil
}

// Categories gives time by category, most first.
func (r *Reports) Categories(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (*adminv1.CategoriesReport, error) {
	q, sums, err := r.sum(ctx, viewer, ask, collector.Want{Subjects: true})
	if err != nil {
		return nil, err
	}
	return &adminv1.CategoriesReport{Days: q.days.message(), Rows: q.categories(sums.Subjects, totalOf(sums.Subjects))}, nil
}

// Pending gives the time spent on each subject that has no status from an administrator, and on nothing else.
func (r *Reports) Pending(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (pending []collector.SubjectSum, err error) {
	err = r.answer(ctx, func(ctx context.Context) error {
		q, err := r.understand(ctx, viewer, ask, totals)
		if err != nil {
			return err
		}
		q.query.Classify = q.classes.Pending()
		sums, err := r.Store.Sum(ctx, q.query, collector.Want{Subjects: true})
		if err != nil {
			return err
		}
		parts := make([]part[collector.SubjectSum], len(sums.Subjects))
		for i, subject := range sums.Subjects {
			parts[i] = part[collector.SubjectSum]{subject, subject.People}
		}
		pending = enough(q, parts)
		return nil
	})
	return pending, err
}

// maxTitles of one report.
const maxTitles = 1000

// Titles gives time by window title, most first. Titles are content, and so as close a look as single activities.
func (r *Reports) Titles(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (report *adminv1.TitlesReport, err error) {
	if err := unsearched(ask); err != nil {
		return nil, err
	}
	err = r.answer(ctx, func(ctx context.Context) error {
		q, err := r.look(ctx, viewer, "titles", ask, firstLook)
		if err != nil {
			return err
		}
		sums, err := r.Store.Sum(ctx, q.query, collector.Want{Days: true})
		if err != nil {
			return err
		}
		titles, err := r.Store.Titles(ctx, q.query, maxTitles)
		if err != nil {
			return err
		}
		times, _ := q.times(sums.Days)
		report = &adminv1.TitlesReport{Days: q.days.message(), Rows: titleRows(titles, times.GetTotal())}
		return nil
	})
	return report, err
}

// Groups gives the groups that the viewer may name side by side, in the file's order; none without counted time.
func (r *Reports) Groups(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest) (report *adminv1.GroupsReport, err error) {
	err = r.answer(ctx, func(ctx context.Context) error {
		q, err := r.understand(ctx, viewer, ask, totals)
		if err != nil {
			return err
		}
		names, owners := q.groups()
		sums, err := r.Store.SumGroups(ctx, q.query, owners)
		if err != nil {
			return err
		}
		report = &adminv1.GroupsReport{Days: q.days.message(), Rows: q.groupRows(names, owners, sums)}
		return nil
	})
	return report, err
}
