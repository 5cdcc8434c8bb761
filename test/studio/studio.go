// Package studio is an invented company of twelve people: six weeks of their work at real computers' names, sent to a
// real collector by devices that speak the contract as agents do. What the pages are tried and shown with is made here.
package studio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
	"github.com/dayline-project/dayline/test/device"
	"github.com/dayline-project/dayline/test/rig"
)

// Days of work there are, today included.
const Days = 42

// Password of every user.
const Password = "a-long-enough-password"

// Users who may sign in, one of each role, by role; "person" sees nothing but her own day.
var Users = map[string]string{
	"admin": "ada@example.com", "configurator": "conny@example.com", "manager": "max@example.com",
	"viewer": "vera@example.com", "person": "ana@example.com",
}

const users = `users:
  - {email: ada@example.com, role: admin, break_glass: true}
  - {email: conny@example.com, role: configurator}
  - {email: max@example.com, role: manager, viewable_groups: [Support]}
  - {email: vera@example.com, role: viewer, viewable_groups: [Design, Development]}
  - {email: ana@example.com, role: viewer}
`

const classification = `# What counts as what at the studio.
categories: [Drawing, Tickets]
rules:
  - {app: figma, status: productive, category: Drawing}
  - {app: photoshop.exe, status: productive, category: Drawing}
  - {app: code, status: productive}
  - {app: xterm, status: productive}
  - {app: excel.exe, status: productive}
  - {app: winword.exe, status: productive}
  - {app: thunderbird, status: productive}
  - {site: desk.example.com, status: productive, category: Tickets}
  - {site: github.com, status: productive}
  - {site: docs.example.com, status: productive}
  - {site: calendar.example.com, status: productive}
  - {site: news.example.net, status: unproductive}
  - site: youtube.com
    status: unproductive
    exceptions: [{group: Design, status: productive}]
  - {site: shop.example.net, status: unproductive}
`

// Studio is the company at its collector.
type Studio struct {
	Collector *rig.Collector

	now   time.Time
	desks []*desk
}

// desk is a worker's login on one computer.
type desk struct {
	worker   *worker
	computer computer
	// at counts the worker's computers from 0.
	at     int
	device *device.Device
	// version is the agent's, update its last word on updating itself.
	version string
	update  *agentv1.SelfUpdate
	login   stream.Login
	// last is what is going on now, if anything is.
	last *agentv1.OpenEpisode
}

// Open starts a collector in dir, and has the studio's six weeks sent to it. It is always early in the afternoon there, at the
// collector too, so that today has data.
func Open(ctx context.Context, bin rig.Binaries, dir string, options rig.Options) (*Studio, error) {
	if options.Account == "" {
		options.Account = "# The studio's settings.\nprivacy: {titles: true, urls: host}\n" +
			"# All computers of a new office at once.\ninstallers: {max_per_minute: 60}\n"
	}
	now := time.Now()
	zone, err := time.LoadLocation(zoneAt(now))
	if err != nil {
		return nil, err
	}
	options.Zone = zone.String()
	collector, err := rig.NewCollector(bin, dir, options)
	if err != nil {
		return nil, err
	}
	s := &Studio{Collector: collector, now: now.In(zone)}
	if err := collector.Start(ctx); err != nil {
		return nil, err
	}
	if err := s.fill(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("studio: %w", err), collector.Stop())
	}
	return s, nil
}

// zoneAt names a zone where it is between two and three in the afternoon: its day lasts as long as anybody looks at the studio,
// whenever that begins. The sign of such names is the other way round: Etc/GMT-14 is ahead of Greenwich.
func zoneAt(now time.Time) string { return fmt.Sprintf("Etc/GMT%+d", now.UTC().Hour()-14) }

func (s *Studio) fill(ctx context.Context) error {
	link, err := s.Collector.Link(ctx)
	if err != nil {
		return err
	}
	for i := range workers {
		if err := s.join(ctx, link, &workers[i]); err != nil {
			return err
		}
	}
	return s.write(ctx)
}

// join has a worker's computers enrol and send what they have.
func (s *Studio) join(ctx context.Context, link string, w *worker) error {
	for at, c := range w.computers {
		d, err := device.Enroll(ctx, link, c.name)
		if err != nil {
			return err
		}
		login := stream.Login{Authority: "S-1-5-21-2026", Account: w.account, Name: `STUDIO\` + w.account}
		one := &desk{worker: w, computer: c, at: at, device: d, version: Installed, login: login}
		if err := one.send(ctx, s.now); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		s.desks = append(s.desks, one)
	}
	return nil
}

// write writes who is who into the files, and gives users their passwords.
func (s *Studio) write(ctx context.Context) error {
	output, err := s.Collector.Run(ctx, "person", "list", "--format", "json")
	if err != nil {
		return err
	}
	var people []struct {
		ID     string   `json:"id"`
		Logins []string `json:"logins"`
	}
	if err := json.Unmarshal(output, &people); err != nil {
		return err
	}
	ids := map[string]string{}
	for _, p := range people {
		for _, login := range p.Logins {
			ids[strings.TrimPrefix(login, `STUDIO\`)] = p.ID
		}
	}
	text := users + "people:\n"
	members := map[string][]string{}
	for _, w := range workers {
		id := ids[w.account]
		if id == "" {
			return fmt.Errorf("nobody is %s", w.account)
		}
		if w.name != "" {
			text += fmt.Sprintf("  - {id: %s, name: %s, email: %s@example.com, logins: ['STUDIO\\%s']}\n", id, w.name, w.account, w.account)
		}
		members[w.group] = append(members[w.group], id)
	}
	text += "groups:\n"
	for _, group := range Groups {
		text += fmt.Sprintf("  - {name: %s, people: [%s]}\n", group, strings.Join(members[group], ", "))
	}
	for name, content := range map[string]string{"people.yaml": text, "classification.yaml": classification} {
		if err := rig.WriteFile(filepath.Join(s.Collector.Config, name), content); err != nil {
			return err
		}
	}
	for _, email := range Users {
		if err := s.password(ctx, email); err != nil {
			return err
		}
	}
	return nil
}
