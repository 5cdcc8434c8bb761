package report

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/directory"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

const (
	// sameLookFor is how long going on with a look, by the next page or by watching what is live, is the same look.
	sameLookFor = 10 * time.Minute
	// maxLooks are remembered; beyond, a look is written down once more.
	maxLooks = 10_000
	// maxSeen people, and as many devices, are named in an entry by their ids.
	maxSeen = 100
)

// continued tells a look that goes on from one that begins.
type continued bool

const (
	firstLook continued = false
	goingOn   continued = true
)

// look understands a question about single activities. It is the one way to them: that the viewer looks, at whom and at
// which days, is in the audit log before anything is read (security.md 7). A look at nobody but oneself is not written
// down, as long as nobody else looks as oneself: the entries tell people who else looked at their day (product.md 9.4).
func (r *Reports) look(ctx context.Context, viewer collector.Viewer, report string, ask *adminv1.ReportRequest, again continued) (*question, error) {
	q, err := r.understand(ctx, viewer, ask, single)
	if err != nil {
		return nil, err
	}
	if len(q.query.Owners) == 0 {
		return q, q.onlyTotals()
	}
	if q.others() == 0 && viewer.By == "" {
		return q, nil
	}
	entry, err := q.entry(viewer, report)
	if err != nil {
		return nil, err
	}
	if bool(again) && r.lookedAt(entry) {
		return q, nil
	}
	if err := r.Registry.Audit(ctx, entry); err != nil {
		return nil, err
	}
	r.remember(entry)
	return q, nil
}

// onlyTotals refuses a person whose totals the viewer sees and whose single activities it does not, as it would one that
// never was.
func (q *question) onlyTotals() error {
	if q.person.ID == "" || q.days.none() {
		return nil
	}
	for _, owner := range q.who.Owners() {
		if q.who.Person(owner).ID == q.person.ID && q.scope.Totals(owner) && !q.scope.Activities(owner) {
			_, err := q.who.FindPerson(q.asked, directory.Scope{})
			return err
		}
	}
	return nil
}

// entry says who looks at whose single activities, and of which days.
func (q *question) entry(viewer collector.Viewer, report string) (collector.AuditEntry, error) {
	subject := "everyone"
	switch {
	case q.person.ID != "":
		subject = q.person.ID
	case q.device != "":
		subject = q.device
	case q.group != "":
		subject = "group " + q.group
	}
	seen := make([]string, 0, len(q.query.People))
	for _, person := range q.query.People {
		seen = append(seen, person.ID)
	}
	devices := map[string]bool{}
	for owner := range q.query.Owners {
		devices[owner.Device] = true
	}
	detail := map[string]any{"report": report, "from": dateOf(q.days.from), "to": dateOf(q.days.to), "people": len(seen)}
	if len(seen) <= maxSeen {
		slices.Sort(seen)
		detail["seen"] = seen
	}
	if len(devices) <= maxSeen { // whose session an agent opened is told of looks at its device
		detail["devices"] = slices.Sorted(maps.Keys(devices))
	}
	if q.device != "" {
		detail["device"] = q.device
	}
	if q.group != "" {
		detail["group"] = q.group
	}
	text, err := json.Marshal(detail)
	return collector.AuditEntry{At: q.now, Actor: viewer.Actor(), Action: "activity.view", Subject: subject, Detail: string(text)}, err
}

func lookKey(entry collector.AuditEntry) string {
	return entry.Actor + "\x00" + entry.Subject + "\x00" + entry.Detail
}

// lookedAt tells whether the same look was written down a while ago.
func (r *Reports) lookedAt(entry collector.AuditEntry) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, known := r.looked[lookKey(entry)]
	return known && entry.At.Sub(at).Abs() < sameLookFor
}

func (r *Reports) remember(entry collector.AuditEntry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.looked) >= maxLooks {
		clear(r.looked)
	}
	r.looked[lookKey(entry)] = entry.At
}
