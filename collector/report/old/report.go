// Package old goes when the new room stands; it turns questions into rows: whose and which days a question means, in people's words where it means
// nothing, and then the episode store's answer, with what is going on now counted in.
package old

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

const (
	// atOnce and answerFor bound what reports take of the machine (security.md §3).
	atOnce    = 4
	answerFor = 30 * time.Second
)

// Registry is what reports ask of the collector's registry.
type Registry interface {
	Devices(ctx context.Context) ([]collector.Device, error)
	Logins(ctx context.Context) ([]collector.Login, error)
	People(ctx context.Context) ([]collector.Person, error)
	Audit(ctx context.Context, entry collector.AuditEntry) error
}

// Store is what reports ask of the episode store.
type Store interface {
	Activity(ctx context.Context, filter collector.Filter, yield func([]*adminv1.ActivityRow) error) error
	People(ctx context.Context, filter collector.Filter) ([]*adminv1.PeopleRow, error)
	Apps(ctx context.Context, filter collector.Filter) ([]*adminv1.AppsRow, error)
	Sites(ctx context.Context, filter collector.Filter) ([]*adminv1.SitesRow, error)
	Hours(ctx context.Context, filter collector.Filter) ([]*adminv1.HoursRow, error)
}

// Going knows the episodes going on.
type Going interface {
	Open(now time.Time) []collector.OpenRow
}

// Reports answers questions. Everything it refuses is a *collector.Error: BadRequest or NotFound with the field,
// TooMany while atOnce others are being answered.
type Reports struct {
	registry Registry
	store    Store
	going    Going
	now      func() time.Time
	places   chan struct{}
}

// New makes Reports.
func New(registry Registry, store Store, going Going) *Reports {
	return &Reports{registry: registry, store: store, going: going, now: time.Now, places: make(chan struct{}, atOnce)}
}

// People gives totals for each person.
func (r *Reports) People(ctx context.Context, ask *adminv1.ReportRequest) (rows []*adminv1.PeopleRow, err error) {
	err = r.answer(ctx, ask, func(ctx context.Context, filter collector.Filter) error {
		rows, err = r.store.People(ctx, filter)
		return err
	})
	return rows, err
}

// Apps gives time by application.
func (r *Reports) Apps(ctx context.Context, ask *adminv1.ReportRequest) (rows []*adminv1.AppsRow, err error) {
	err = r.answer(ctx, ask, func(ctx context.Context, filter collector.Filter) error {
		rows, err = r.store.Apps(ctx, filter)
		return err
	})
	return rows, err
}

// Sites gives time by site.
func (r *Reports) Sites(ctx context.Context, ask *adminv1.ReportRequest) (rows []*adminv1.SitesRow, err error) {
	err = r.answer(ctx, ask, func(ctx context.Context, filter collector.Filter) error {
		rows, err = r.store.Sites(ctx, filter)
		return err
	})
	return rows, err
}

// Hours gives each person's days.
func (r *Reports) Hours(ctx context.Context, ask *adminv1.ReportRequest) (rows []*adminv1.HoursRow, err error) {
	err = r.answer(ctx, ask, func(ctx context.Context, filter collector.Filter) error {
		rows, err = r.store.Hours(ctx, filter)
		return err
	})
	return rows, err
}

// Activity calls yield with chunks of single episodes, oldest first. It is the one way to them: that the viewer looks is
// in the audit log before the first row is read (security.md §7).
func (r *Reports) Activity(ctx context.Context, viewer string, ask *adminv1.ReportRequest, yield func([]*adminv1.ActivityRow) error) error {
	return r.answer(ctx, ask, func(ctx context.Context, filter collector.Filter) error {
		if err := r.view(ctx, viewer, ask, filter); err != nil {
			return err
		}
		return r.store.Activity(ctx, filter, yield)
	})
}

// view writes that somebody looks at single activities: whose, and of which days.
func (r *Reports) view(ctx context.Context, viewer string, ask *adminv1.ReportRequest, filter collector.Filter) error {
	detail, err := json.Marshal(map[string]string{
		"from": dateOf(filter.FromDay), "to": dateOf(filter.ToDay), "device": ask.Device, "person": ask.Person,
	})
	if err != nil {
		return err
	}
	subject := "everyone"
	if filter.LoginKeys != nil {
		subject = ask.Person
		for _, key := range filter.LoginKeys {
			if person, known := filter.People[key]; known {
				subject = person.ID
			}
		}
	}
	return r.registry.Audit(ctx, collector.AuditEntry{
		At: r.now(), Actor: viewer, Action: "activity.view", Subject: subject, Detail: string(detail),
	})
}

// answer resolves a question and gives it its place and its time.
func (r *Reports) answer(ctx context.Context, ask *adminv1.ReportRequest, give func(context.Context, collector.Filter) error) error {
	select {
	case r.places <- struct{}{}:
		defer func() { <-r.places }()
	default:
		return collector.Refuse(collector.TooMany, "", "%d reports are being made; try again in a moment", atOnce)
	}
	timed, cancel := context.WithTimeoutCause(ctx, answerFor, errTooLong)
	defer cancel()
	filter, err := r.resolve(timed, ask)
	if err != nil {
		return err
	}
	err = give(timed, filter)
	if err != nil && errors.Is(context.Cause(timed), errTooLong) {
		return collector.Refuse(collector.TooLarge, "from", "the answer takes longer than %v; ask for fewer days", answerFor)
	}
	if err != nil && collector.CodeOf(err) == collector.Internal {
		return fmt.Errorf("report: %w", err)
	}
	return err
}

// errTooLong is the cause of a report's end when its time is up.
var errTooLong = errors.New("report: out of time")
