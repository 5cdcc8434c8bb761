package old

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// maxDays of one question: five years.
const maxDays = 5*365 + 2

// resolve finds what a question means.
func (r *Reports) resolve(ctx context.Context, ask *adminv1.ReportRequest) (collector.Filter, error) {
	var filter collector.Filter
	var err error
	if filter.FromDay, filter.ToDay, err = days(ask.From, ask.To, r.now()); err != nil {
		return filter, err
	}
	people, err := r.registry.People(ctx)
	if err != nil {
		return filter, err
	}
	logins, err := r.registry.Logins(ctx)
	if err != nil {
		return filter, err
	}
	filter.People = byLogin(people, logins)
	if ask.Person != "" {
		person, err := findPerson(ask.Person, people, logins)
		if err != nil {
			return filter, err
		}
		filter.LoginKeys = []string{}
		for _, login := range logins {
			if login.Person == person {
				filter.LoginKeys = append(filter.LoginKeys, login.Key)
			}
		}
	}
	if ask.Device != "" {
		devices, err := r.registry.Devices(ctx)
		if err != nil {
			return filter, err
		}
		if filter.Device, err = findDevice(ask.Device, devices); err != nil {
			return filter, err
		}
	}
	filter.Open = r.going.Open(r.now())
	return filter, nil
}

// days reads the range: empty from is today, empty to is from, or today if later. Today is the collector's.
func days(from, to string, now time.Time) (fromDay, toDay int32, err error) {
	today := collector.LocalDay(now)
	fromDay, toDay = today, today
	if from != "" {
		if fromDay, err = dayOf("from", from); err != nil {
			return 0, 0, err
		}
	}
	toDay = max(fromDay, today)
	if to != "" {
		if toDay, err = dayOf("to", to); err != nil {
			return 0, 0, err
		}
	}
	switch {
	case fromDay > toDay:
		return 0, 0, collector.Refuse(collector.BadRequest, "from", "%s is after %s", dateOf(fromDay), dateOf(toDay))
	case toDay-fromDay >= maxDays:
		return 0, 0, collector.Refuse(collector.BadRequest, "from", "%s to %s is more than 5 years", dateOf(fromDay), dateOf(toDay))
	}
	return fromDay, toDay, nil
}

func dayOf(field, date string) (int32, error) {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil || day.Year() < 1970 {
		return 0, collector.Refuse(collector.BadRequest, field, "%q is no date; write YYYY-MM-DD", date)
	}
	return collector.LocalDay(day), nil
}

func dateOf(day int32) string {
	return time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly)
}

func byLogin(people []collector.Person, logins []collector.Login) map[string]collector.Person {
	byID := make(map[string]collector.Person, len(people))
	for _, person := range people {
		byID[person.ID] = person
	}
	of := make(map[string]collector.Person, len(logins))
	for _, login := range logins {
		if person, known := byID[login.Person]; known {
			of[login.Key] = person
		}
	}
	return of
}

// findPerson finds a person by id, by name, or by a login as shown or without its domain, without case; the first of
// these that fits anybody counts.
func findPerson(word string, people []collector.Person, logins []collector.Login) (id string, err error) {
	for _, fits := range []func(collector.Person) bool{
		func(p collector.Person) bool { return p.ID == word },
		func(p collector.Person) bool { return strings.EqualFold(p.Name, word) },
		func(p collector.Person) bool {
			return slices.ContainsFunc(logins, func(l collector.Login) bool {
				return l.Person == p.ID && strings.EqualFold(l.Name, word)
			})
		},
		func(p collector.Person) bool {
			return slices.ContainsFunc(logins, func(l collector.Login) bool {
				return l.Person == p.ID && strings.EqualFold(l.Name[strings.LastIndexByte(l.Name, '\\')+1:], word)
			})
		},
	} {
		var found []string
		for _, person := range people {
			if fits(person) {
				found = append(found, person.ID)
			}
		}
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return "", collector.Refuse(collector.BadRequest, "person", "%q is ambiguous: it may be %s", word, strings.Join(found, " or "))
		}
	}
	return "", collector.Refuse(collector.NotFound, "person", "unknown person %q", word)
}

// findDevice finds a device by id, or by a name that only one has, without case.
func findDevice(word string, devices []collector.Device) (id string, err error) {
	var found []string
	for _, device := range devices {
		if device.ID == word {
			return device.ID, nil
		}
		if strings.EqualFold(device.Name, word) {
			found = append(found, device.ID)
		}
	}
	switch len(found) {
	case 0:
		return "", collector.Refuse(collector.NotFound, "device", "unknown device %q", word)
	case 1:
		return found[0], nil
	}
	return "", collector.Refuse(collector.BadRequest, "device", "%q is ambiguous: it may be %s", word, strings.Join(found, " or "))
}
