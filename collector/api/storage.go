package api

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/retention"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// Keeping is what keeps the stores small, true and private.
type Keeping interface {
	State(ctx context.Context) (*retention.State, error)
	Erase(ctx context.Context, who string, what retention.Erasure) (retention.Erased, error)
	// PastNames finds whom past revisions of people.yaml list by an id, name or login; an empty id where nobody.
	PastNames(ctx context.Context, word string) (id string, names []string, err error)
	Strip(ctx context.Context, who string, before int32, titles, addresses, later bool) (int64, error)
	Compact(ctx context.Context, who string) (before, after int64, err error)
}

// Storage tells how much is stored of whom and since when, how fast it grows and how long there is room.
func (a adminService) Storage(ctx context.Context, _ *connect.Request[adminv1.StorageRequest]) (*connect.Response[adminv1.StorageReport], error) {
	s, err := a.Keeping.State(ctx)
	if err != nil {
		return nil, err
	}
	d, scope, err := a.within(ctx)
	if err != nil {
		return nil, err
	}
	months, people, devices := parts{}, parts{}, parts{}
	oldest := int32(math.MaxInt32)
	for day, n := range s.Days {
		oldest = min(oldest, day)
		month := dateOf(day)[:len("2006-01")]
		months.add(month, month, n)
	}
	for owner, n := range s.Owners {
		if scope.Totals(owner) {
			p := d.Person(owner)
			people.add(p.ID, p.Name, n)
			devices.add(owner.Device, d.DeviceName(owner.Device), n)
		}
	}
	report := &adminv1.StorageReport{
		Bytes: float64(s.Bytes), Episodes: float64(s.Episodes), EpisodesPerDay: s.PerDay, BytesPerDay: s.BytesPerDay(),
		LimitBytes: float64(s.Limit), DaysUntilLimit: s.UntilLimit, DiskFreeBytes: float64(s.Free), DaysUntilDiskFull: s.UntilFull,
		RetentionDays: int32(s.RetentionDays), Warnings: s.Warnings,
		Months: months.list(s), People: people.list(s), Devices: devices.list(s),
	}
	slices.SortFunc(report.Months, func(a, b *adminv1.StoragePart) int { return strings.Compare(a.Id, b.Id) })
	if s.Episodes > 0 {
		report.OldestDay = dateOf(oldest)
	}
	if s.ActivityFrom != math.MinInt32 {
		report.ActivityFrom = dateOf(s.ActivityFrom)
	}
	return connect.NewResponse(report), nil
}

func dateOf(day int32) string { return time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly) }

// parts of what is stored, by id.
type parts map[string]*adminv1.StoragePart

func (p parts) add(id, name string, episodes int64) {
	if p[id] == nil {
		p[id] = &adminv1.StoragePart{Id: id, Name: name}
	}
	p[id].Episodes += float64(episodes)
}

// list gives them with their share of the file, most first.
func (p parts) list(s *retention.State) []*adminv1.StoragePart {
	list := make([]*adminv1.StoragePart, 0, len(p))
	for _, part := range p {
		part.Bytes = math.Round(part.Episodes * float64(s.Bytes) / float64(s.Episodes))
		list = append(list, part)
	}
	slices.SortFunc(list, func(a, b *adminv1.StoragePart) int {
		return cmp.Or(cmp.Compare(b.Episodes, a.Episodes), strings.Compare(a.Id, b.Id))
	})
	return list
}

// Compact writes the episode file anew.
func (a adminService) Compact(ctx context.Context, _ *connect.Request[adminv1.CompactRequest]) (*connect.Response[adminv1.CompactResponse], error) {
	defer a.Agents.heads.forget()
	before, after, err := a.Keeping.Compact(ctx, viewerOf(ctx).Actor())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.CompactResponse{BytesBefore: float64(before), BytesAfter: float64(after)}), nil
}

// StripPrivacy clears titles, addresses or both of the episodes before a day.
func (a adminService) StripPrivacy(ctx context.Context, req *connect.Request[adminv1.StripPrivacyRequest]) (*connect.Response[adminv1.StripPrivacyResponse], error) {
	m := req.Msg
	day, err := dayOf("before", m.Before)
	if err != nil {
		return nil, err
	}
	if !m.Titles && !m.Addresses {
		return nil, collector.Refuse(collector.BadRequest, "titles", "say titles, addresses or both")
	}
	defer a.Agents.heads.forget()
	episodes, err := a.Keeping.Strip(ctx, viewerOf(ctx).Actor(), day, m.Titles, m.Addresses, m.Later)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.StripPrivacyResponse{Episodes: float64(episodes)}), nil
}

// dayOf reads a day of the calendar.
func dayOf(field, date string) (int32, error) {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil || day.Year() < 1970 {
		return 0, collector.Refuse(collector.BadRequest, field, "%q is no date; write YYYY-MM-DD", date)
	}
	return collector.LocalDay(day), nil
}
