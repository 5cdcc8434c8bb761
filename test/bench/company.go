package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/duckdb"
	"github.com/dayline-project/dayline/collector/sqlite"
	"github.com/dayline-project/dayline/collector/storetest"
	"github.com/dayline-project/dayline/shared/stream"
	"github.com/dayline-project/dayline/test/rig"
)

// What the company of the targets is made of, beside storetest.Company's people and devices.
const (
	companyDays   = 90
	companyGroups = 40
	companyRules  = 2000
)

// companyData names a folder that the company is in and stays in, however old it gets; making it takes minutes.
const companyData = "DAYLINE_BENCH_DATA"

// openCompany gives a collector, not started, that holds the company, and its last day. Without companyData it is kept
// below .build, and made anew where that day is not today.
func openCompany(ctx context.Context, bin rig.Binaries) (c *rig.Collector, last time.Time, err error) {
	dir, now := os.Getenv(companyData), time.Now().UTC()
	if dir == "" {
		root, err := rig.Root()
		if err != nil {
			return nil, last, err
		}
		dir = filepath.Join(root, ".build", "company-"+now.Format(time.DateOnly))
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, last, err
	}
	if c, err = rig.NewCollector(bin, dir, rig.Options{}); err != nil {
		return nil, last, err
	}
	made := filepath.Join(dir, "made")
	if text, err := os.ReadFile(made); err == nil {
		last, err = time.Parse(time.DateOnly, string(text))
		return c, last, err
	}
	last = time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.FixedZone("", 60*60))
	if err := makeCompany(ctx, c, storetest.NewCompany(last.AddDate(0, 0, 1-companyDays))); err != nil {
		return nil, last, errors.Join(err, os.RemoveAll(dir))
	}
	return c, last, os.WriteFile(made, []byte(last.Format(time.DateOnly)), 0o600)
}

// makeCompany fills the stores and writes the files.
func makeCompany(ctx context.Context, c *rig.Collector, company *storetest.Company) (err error) {
	// The first start makes folders and keys.
	if err := errors.Join(c.Start(ctx), c.Stop()); err != nil {
		return err
	}
	people, err := enlist(ctx, c.Data, company)
	if err != nil {
		return err
	}
	for name, text := range map[string]string{"people.yaml": peopleFile(company, people), "classification.yaml": rulesFile()} {
		if err := rig.WriteFile(filepath.Join(c.Config, name), text); err != nil {
			return err
		}
	}
	store, err := duckdb.Open(ctx, c.Data, duckdb.Options{})
	if err != nil {
		return err
	}
	_, err = company.Fill(ctx, store, companyDays)
	return errors.Join(err, store.Close())
}

// enlist makes devices, logins and people known, as syncs would, and gives the person of each desk.
func enlist(ctx context.Context, data string, company *storetest.Company) (people []string, err error) {
	registry, err := sqlite.Open(ctx, data)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, registry.Close()) }()
	for i, desk := range company.Desks {
		if err := registry.AddDevice(ctx, collector.Device{
			ID: desk.Device, Name: fmt.Sprintf("desk-%d", i), OS: "linux", PublicKey: fmt.Appendf(nil, "%032d", i), EnrolledAt: company.First, TimeZone: "UTC",
		}); err != nil {
			return nil, err
		}
		logins, err := registry.LoginPeople(ctx, desk.Device, []stream.Login{desk.Login})
		if err != nil {
			return nil, err
		}
		people = append(people, logins[desk.LoginKey].Person)
	}
	return people, nil
}

// peopleFile has an alias for every second person, every 25th merged with the next, and groups of 12 or 13 people, every
// fifth group with a device and a login besides.
func peopleFile(company *storetest.Company, people []string) string {
	var persons, groups strings.Builder
	members := make([][]string, companyGroups)
	done, merged := map[int]bool{}, map[int]bool{}
	for i, desk := range company.Desks {
		n := desk.Person
		if done[n] {
			continue
		}
		done[n] = true
		if !merged[n] {
			members[n%companyGroups] = append(members[n%companyGroups], people[i])
		}
		if n%2 == 1 || merged[n] {
			continue
		}
		logins := fmt.Sprintf(`'EXAMPLE\person%d'`, n)
		if n%25 == 0 {
			merged[n+1] = true
			logins += fmt.Sprintf(`, 'EXAMPLE\person%d'`, n+1)
		}
		fmt.Fprintf(&persons, "  - {id: %s, name: Person Number %d, logins: [%s], email: person%d@example.com}\n", people[i], n, logins, n)
	}
	for g, list := range members {
		fmt.Fprintf(&groups, "  - name: Group %d\n    people: [%s]\n", g, strings.Join(list, ", "))
		if g%5 == 0 {
			fmt.Fprintf(&groups, "    devices: [%s]\n    logins: ['EXAMPLE\\person%d']\n", company.Desks[g+1].Device, (g+7)%storetest.CompanyPeople)
		}
	}
	return "users:\n  - {email: boss@example.com, role: admin}\n  - {email: max@example.com, role: manager, viewable_groups: [Group 1, Group 5, Group 9]}\n" +
		"people:\n" + persons.String() + "groups:\n" + groups.String()
}

// rulesFile has rules for every application and most sites, one in ten with exceptions for groups.
func rulesFile() string {
	var rules strings.Builder
	statuses := []string{"productive", "unproductive", "undefined"}
	for n := range companyRules {
		subject := fmt.Sprintf("site: site-%d.example.com", n)
		switch {
		case n < 300:
			subject = fmt.Sprintf("app: application-%d", n)
		case n%10 == 9:
			subject = fmt.Sprintf("url: https://site-%d.example.com/path/%d", n, n)
		}
		fmt.Fprintf(&rules, "  - %s\n    status: %s\n    category: Category %d\n", subject, statuses[n%3], n%20)
		if n%10 == 0 {
			fmt.Fprintf(&rules, "    exceptions: [{group: Group %d, status: %s}, {group: Group %d, status: %s}]\n",
				n/10%companyGroups, statuses[(n+1)%3], (n/10+7)%companyGroups, statuses[(n+2)%3])
		}
	}
	var categories []string
	for n := range 20 {
		categories = append(categories, fmt.Sprintf("Category %d", n))
	}
	return "categories: [" + strings.Join(categories, ", ") + "]\nrules:\n" + rules.String()
}
