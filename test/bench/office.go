package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/stream"
)

// perDay is how many episodes an office day of the targets has.
const perDay = 2500

// office makes a person's episodes: few programs much of the time and many rarely (Zipf), the same for titles and sites.
type office struct {
	login               stream.Login
	revision            string
	rand                *rand.Rand
	apps, sites, titles *rand.Zipf
	day                 time.Time
	at                  time.Time
	inDay               int
	record              stream.Record
	bytes               []byte
	startOfDay          time.Duration
}

// newOffice begins so many days ago that the episodes end before today.
func newOffice(seed uint64, login stream.Login, revision string, episodes int) *office {
	r := rand.New(rand.NewPCG(seed, 2026))
	days := episodes/perDay + 2
	o := &office{login: login, revision: revision, rand: r, startOfDay: 8 * time.Hour,
		apps: rand.NewZipf(r, 1.3, 2, 119), sites: rand.NewZipf(r, 1.2, 3, 999), titles: rand.NewZipf(r, 1.1, 4, 19999)}
	o.day = time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -days)
	o.at = o.day.Add(o.startOfDay)
	return o
}

// next gives the canonical bytes of the next episode.
func (o *office) next() []byte {
	if o.inDay == perDay {
		o.inDay, o.day = 0, o.day.AddDate(0, 0, 1)
		o.at = o.day.Add(o.startOfDay)
	}
	o.inDay++
	length := time.Duration(1+o.rand.ExpFloat64()*10_000) * time.Millisecond
	app := o.apps.Uint64()
	o.record = stream.Record{Login: o.login, Session: "c2-0123456789abcdef", Product: fmt.Sprintf("Program %d", app), Episode: episode.Episode{
		State: episode.Active, Start: o.at, For: length, EndedBy: episode.ByFocus, Revision: o.revision,
		Identity: episode.Identity{App: fmt.Sprintf("program-%d.exe", app), Title: fmt.Sprintf("Document %d — Program %d", o.titles.Uint64(), app)},
	}}
	if app < 2 { // the browsers
		site := o.sites.Uint64()
		o.record.Site, o.record.Title = fmt.Sprintf("site-%d.example", site), fmt.Sprintf("Page %d of site %d", o.titles.Uint64()%500, site)
	}
	if o.rand.IntN(20) == 0 {
		o.record.State, o.record.EndedBy = episode.Passive, episode.ByInput
	}
	o.at = o.at.Add(length)
	o.bytes = stream.AppendRecord(o.bytes[:0], &o.record)
	return o.bytes
}
