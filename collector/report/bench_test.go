package report

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/sqlite"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// weekdaysOnly is a store in which everybody works 90 days but the weekends.
type weekdaysOnly struct {
	Store
	owners []collector.Owner
	first  int32
}

func (s *weekdaysOnly) Owners(context.Context) ([]collector.Owner, error) { return s.owners, nil }

func (s *weekdaysOnly) FirstDays(context.Context) (map[collector.Owner]int32, error) {
	first := map[collector.Owner]int32{}
	for _, owner := range s.owners {
		first[owner] = s.first
	}
	return first, nil
}

func (s *weekdaysOnly) Sum(_ context.Context, q *collector.Query, _ collector.Want) (sums collector.Sums, err error) {
	for day := q.FromDay; day <= q.ToDay; day++ {
		if weekday := midnight(day, time.UTC).Weekday(); weekday == time.Saturday || weekday == time.Sunday {
			continue
		}
		var gaps []collector.Gap
		for hour := range 5 {
			from := midnight(day, now.Location()).Add(time.Duration(9+hour) * time.Hour)
			gaps = append(gaps, collector.Gap{From: from, To: from.Add(20 * time.Minute)})
		}
		for person := range q.People {
			sums.Days = append(sums.Days, collector.PersonDay{Person: person, Day: day, Times: collector.Times{{time.Hour}}, Gaps: gaps})
		}
	}
	return sums, nil
}

// BenchmarkHours: the working hours of 500 people over 90 days by a schedule, with five gaps a working day, of which
// every weekend wants its reason from the spans of 550 devices, two a working day. What the store takes is apart (test/bench).
func BenchmarkHours(b *testing.B) {
	o := &office{}
	var err error
	if o.registry, err = sqlite.Open(b.Context(), b.TempDir()); err != nil {
		b.Fatal(err)
	}
	defer o.registry.Close() //nolint:errcheck // nothing is measured by it
	store := &weekdaysOnly{first: numberOf(now) - 89}
	for n := range 550 {
		device := fmt.Sprintf("d-%016x", n)
		login := loginNamed(fmt.Sprintf("person%d", n%500))
		if err := o.registry.AddDevice(b.Context(), collector.Device{ID: device, Name: device, TimeZone: "Europe/Berlin", PublicKey: fmt.Appendf(nil, "%32d", n)}); err != nil {
			b.Fatal(err)
		}
		if _, err := o.registry.LoginPeople(b.Context(), device, []stream.Login{login}); err != nil {
			b.Fatal(err)
		}
		var spans []*agentv1.Span
		for day := store.first; day < store.first+90; day++ {
			begun := midnight(day, now.Location())
			if weekday := begun.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
				continue
			}
			for half := range 2 {
				start := begun.Add(time.Duration(8+4*half) * time.Hour)
				spans = append(spans, &agentv1.Span{
					Id: fmt.Appendf(nil, "%4d%4d", len(spans), n), Kind: "session", Session: "s", StartMs: start.UnixMilli(), EndMs: start.Add(4 * time.Hour).UnixMilli(),
					Login: &agentv1.Login{Authority: login.Authority, Account: login.Account, Name: login.Name},
				})
			}
		}
		if err := o.registry.PutSpans(b.Context(), device, spans); err != nil {
			b.Fatal(err)
		}
		if err := o.registry.Contacts(b.Context(), []collector.Contact{{Device: device, At: now}}); err != nil {
			b.Fatal(err)
		}
		store.owners = append(store.owners, collector.Owner{Device: device, LoginKey: collector.LoginKey(device, login)})
	}
	o.configure(b, strings.Replace(account, "default: always", "default: office", 1), people+"  - {name: Contractors}\n", classification)
	r := New(Options{Directory: o.who(), Registry: o.registry, Store: store, Going: &o.going, Set: o.current})
	r.now = func() time.Time { return now }
	for b.Loop() {
		hours, err := r.Hours(b.Context(), administrator, &adminv1.ReportRequest{From: dateOf(store.first), To: dateOf(numberOf(now))})
		if err != nil || len(hours.Rows) != 500*90 {
			b.Fatal(len(hours.GetRows()), err)
		}
	}
}
