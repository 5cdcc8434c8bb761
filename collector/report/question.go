package report

import (
	"context"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/classify"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// sight is how closely a report looks: at totals, or at single activities. Managers see both of their groups, viewers
// the totals only; everybody sees both of their own (directory.Scope).
type sight bool

const (
	totals sight = false
	single sight = true
)

// question is a ReportRequest as one viewer means it. Its query is the only thing the episode store is asked with.
type question struct {
	query *collector.Query
	days  days
	now   time.Time
	who   *directory.Directory
	scope directory.Scope
	set   *config.Set
	// person, group and device it was narrowed to; empty where it was not.
	person        collector.Person
	group, device string
	// asked is the person as the question says it.
	asked   string
	devices map[string]collector.Device
	classes *classify.Classes
	// own are the viewer's own people, of query.People.
	own crowd
}

// understand turns what a viewer asks into a query: whose episodes, of which days, counting as what. It is the one place
// that makes a query, and every owner in it was asked of the viewer's scope (product.md 6). Whatever lies outside is
// refused as what never existed.
func (r *Reports) understand(ctx context.Context, viewer collector.Viewer, ask *adminv1.ReportRequest, look sight) (*question, error) {
	q := &question{now: r.now(), set: r.Set(), asked: ask.GetPerson()}
	only, err := onlyOf(ask, look)
	if err != nil {
		return nil, err
	}
	if q.days, err = daysOf(ask, &q.set.Account.Reports, q.now); err != nil {
		return nil, err
	}
	if q.who, err = r.Directory.Now(ctx); err != nil {
		return nil, err
	}
	q.scope = q.who.Scope(viewer)
	if err := q.narrow(ask); err != nil {
		return nil, err
	}
	devices, err := r.Registry.Devices(ctx)
	if err != nil {
		return nil, err
	}
	q.devices = make(map[string]collector.Device, len(devices))
	for _, device := range devices {
		q.devices[device.ID] = device
	}
	stored, err := r.Store.Owners(ctx)
	if err != nil {
		return nil, err
	}
	q.query = &collector.Query{
		FromDay: q.days.from, ToDay: q.days.to, Zone: q.days.zone, Only: only, Open: r.Going.Open(q.now),
	}
	for _, row := range q.query.Open {
		stored = append(stored, collector.Owner{Device: row.Device, LoginKey: row.LoginKey})
	}
	q.admit(stored, look)
	return q, nil
}

// onlyOf reads what narrows the time that counts.
func onlyOf(ask *adminv1.ReportRequest, look sight) (collector.Only, error) {
	only := collector.Only{
		State: episode.State(ask.GetState()), Status: ask.GetStatus(), Category: ask.GetCategory(), App: ask.GetApp(), Site: ask.GetSite(),
	}
	states := []episode.State{"", episode.Active, episode.Passive}
	words := "active or passive"
	if look == single {
		states, words = append(states, episode.Locked), "active, passive or locked"
	}
	if !slices.Contains(states, only.State) {
		return only, collector.Refuse(collector.BadRequest, "state", "%q is not %s", ask.State, words)
	}
	if !slices.Contains([]string{"", "productive", "unproductive", "undefined"}, only.Status) {
		return only, collector.Refuse(collector.BadRequest, "status", "%q is not productive, unproductive or undefined", ask.Status)
	}
	if look == totals {
		return only, unsearched(ask)
	}
	return only, nil
}

// unsearched refuses a text to search for where nothing is searched.
func unsearched(ask *adminv1.ReportRequest) error {
	if ask.GetSearch() != "" {
		return collector.Refuse(collector.BadRequest, "search", "only the activity log can be searched")
	}
	return nil
}

// narrow finds the person, group and device that are named.
func (q *question) narrow(ask *adminv1.ReportRequest) (err error) {
	if ask.GetGroup() != "" {
		if q.group, err = q.who.FindGroup(ask.Group, q.scope); err != nil {
			return err
		}
	}
	if ask.GetPerson() != "" {
		if q.person, err = q.who.FindPerson(ask.Person, q.scope); err != nil {
			return err
		}
	}
	if ask.GetDevice() != "" {
		q.device, err = q.who.FindDevice(ask.Device, q.scope)
	}
	return err
}

// admit lets those owners into the query that the scope and the question name, each with its person and its variant of
// the classification.
func (q *question) admit(stored []collector.Owner, look sight) {
	sees := q.scope.Totals
	if look == single {
		sees = q.scope.Activities
	}
	q.classes = classify.New(q.set.Classification)
	q.query.Owners = make(map[collector.Owner]collector.Share, len(stored))
	people := map[string]int{}
	for _, owner := range stored {
		person := q.who.Person(owner)
		if !sees(owner) || q.days.none() ||
			q.person.ID != "" && q.person.ID != person.ID ||
			q.device != "" && q.device != owner.Device ||
			q.group != "" && !q.who.InGroup(q.group, owner) {
			continue
		}
		index, known := people[person.ID]
		if !known {
			index = len(q.query.People)
			people[person.ID] = index
			q.query.People = append(q.query.People, person)
		}
		if q.scope.Own(owner) {
			q.own.add(index)
		}
		variant := q.classes.Variant(func(group string) bool { return q.who.InGroup(group, owner) }, classify.Caseless(q.devices[owner.Device].OS))
		q.query.Owners[owner] = collector.Share{Person: index, Variant: variant}
	}
	directory.TellApart(q.query.People)
	q.query.Classify = q.classes.Classifier()
}

// onlyOwn leaves the viewer's own data.
func (q *question) onlyOwn() {
	for owner := range q.query.Owners {
		if !q.scope.Own(owner) {
			delete(q.query.Owners, owner)
		}
	}
}

// others is how many people's data beside the viewer's own the question may show.
func (q *question) others() int {
	people := crowd{}
	for _, share := range q.query.Owners {
		people.add(share.Person)
	}
	return people.without(q.own)
}
