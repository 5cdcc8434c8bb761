package uplink_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// BenchmarkDay is target T4: the bytes of a person's day on the wire, TLS and HTTP included: eight hours in use with a
// contact every 48 s and 2,500 episodes, the rest of the day a contact every five minutes. It may be 400 kB.
func BenchmarkDay(b *testing.B) {
	for b.Loop() {
		c := uplinktest.Start(b)
		d := newDevice(b, c)
		d.scene.Health = &agentv1.Health{Capture: []*agentv1.Capture{{Subject: "desktop", Level: "full", Login: buffer.Login(anna)}}}
		random := rand.New(rand.NewPCG(1, 2))
		titles := rand.NewZipf(random, 1.1, 3, 4999)
		sites := rand.NewZipf(random, 1.2, 1, 299)
		const contacts, episodes = 8 * 3600 / 48, 2500
		for contact := range contacts {
			var last *stream.Record
			for d.number < uint64((contact+1)*episodes/contacts) {
				d.number++
				app := rand.NewZipf(random, 1.3, 1, 39).Uint64()
				last = &stream.Record{Login: anna, Session: "5f3a9c0d1e2b4a67", Product: fmt.Sprintf("Product Name %d", app), Episode: episode.Episode{
					State: episode.Active, Start: begin.Add(time.Duration(d.number) * 11 * time.Second), For: time.Duration(random.IntN(20000)+1) * time.Millisecond,
					Identity: episode.Identity{App: fmt.Sprintf("program-%d", app), Title: fmt.Sprintf("Quarterly report %d, final version — editor", titles.Uint64())},
					EndedBy:  episode.ByFocus, Revision: "r-5d41402abc4b2a76",
				}}
				if app < 2 {
					last.Site = fmt.Sprintf("www%d.example.com", sites.Uint64())
				}
				if err := d.buffer.Append("run", d.number, last, time.Now()); err != nil {
					b.Fatal(err)
				}
			}
			d.scene.Open = []*agentv1.OpenEpisode{{
				Login: buffer.Login(anna), Session: last.Session, State: agentv1.State_STATE_ACTIVE, StartMs: last.Start.UnixMilli() + 9000, LengthMs: 2000,
				App: last.App, Product: last.Product, Title: fmt.Sprintf("Quarterly report %d, final version — editor", titles.Uint64()), SettingsRevision: last.Revision,
			}}
			d.send()
		}
		used := c.Bytes()
		d.scene.Open = nil
		for range 16 * 12 {
			d.uplink.Config.Client.Close() // the collector lets a connection go after two minutes
			d.uplink.Sync(b.Context())
		}
		b.ReportMetric(float64(used)/1000, "kB/8h_in_use")
		b.ReportMetric(float64(c.Bytes())/1000, "kB/day")
	}
}
