package studio

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
	"github.com/dayline-project/dayline/test/process"
)

// send has the desk's device tell all its days, as an agent that comes back after six weeks off line would.
func (d *desk) send(ctx context.Context, now time.Time) error {
	heard, err := d.device.Sync(ctx, d.contact(now))
	if err != nil {
		return err
	}
	revision := heard.GetSettings().GetRevision()
	random := rand.New(rand.NewPCG(seed(d.worker.account), uint64(d.at)))
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	out := &sender{desk: d, revision: revision, id: stream.ID(hash(d.worker.account, d.computer.name))}
	out.builder = stream.NewBuilder(out.id, stream.Digest{})
	for ago := Days - 1; ago >= 0; ago-- {
		s := d.worker.day(random, midnight.AddDate(0, 0, -ago), ago, d.at, now)
		if err := out.day(ctx, now, s); err != nil {
			return err
		}
	}
	return out.flush(ctx, now)
}

func seed(account string) uint64 { return binary.BigEndian.Uint64(hash(account, "")) }

func hash(parts ...string) []byte {
	h := fnv.New128a()
	for _, part := range parts {
		h.Write([]byte(part + "\x00"))
	}
	return h.Sum(nil)
}

// contact is a sync that brings no episodes.
func (d *desk) contact(now time.Time) *agentv1.SyncRequest {
	health := &agentv1.Health{Capture: []*agentv1.Capture{d.browser(now)}, Update: d.update}
	if d.computer == macos("lilac") { // whose administrator has not allowed it yet
		health.MissingPermissions = []string{"Accessibility is not permitted: allow Dayline in System Settings, Privacy & Security, Accessibility"}
	}
	return &agentv1.SyncRequest{
		Logins: []*agentv1.Login{d.told()}, DeviceTimeMs: now.UnixMilli(),
		Facts: &agentv1.DeviceFacts{
			Name: d.computer.name, Os: d.computer.os, OsVersion: d.computer.version, Arch: "amd64", AgentVersion: d.version, TimeZone: "Etc/UTC",
		},
		Health: health,
	}
}

// browser is how much of Firefox is captured: on one computer the extension is not installed yet.
func (d *desk) browser(now time.Time) *agentv1.Capture {
	if d.withoutExtension() {
		return &agentv1.Capture{
			Subject: "firefox", Level: "title_only", Reason: "the browser extension would tell the page's address and which windows are private",
			Login: d.told(), FrontSeconds: 5 * 3600,
		}
	}
	return &agentv1.Capture{
		Subject: "firefox", Level: "full", Reason: "the browser extension tells the page's address", Login: d.told(),
		ExtensionVersion: "1.0.0", ExtensionMs: now.Truncate(time.Minute).UnixMilli(), FrontSeconds: 5 * 3600, AddressSeconds: 5*3600 - 90,
	}
}

func (d *desk) withoutExtension() bool { return d.computer == linux("damson") }

func (d *desk) told() *agentv1.Login {
	return &agentv1.Login{Authority: d.login.Authority, Account: d.login.Account, Name: d.login.Name}
}

// sender sends a stream in as few batches as it fits into.
type sender struct {
	*desk
	revision string
	id       stream.ID
	builder  *stream.Builder
	sequence uint64
	spans    []*agentv1.Span
}

// day adds one day. What goes on now is not closed: it is told as open.
func (s *sender) day(ctx context.Context, now time.Time, day stay) error {
	for i, e := range day.episodes {
		if s.withoutExtension() {
			e.Site = ""
		}
		if e.State == episode.Active && e.Start.Add(e.For).Equal(now) {
			s.last = s.open(now, e, day.uses[i])
			continue
		}
		e.Revision = s.revision
		record := stream.AppendRecord(nil, &stream.Record{Login: s.login, Session: "1", Product: day.uses[i].product, Bundle: s.bundle(day.uses[i]), Episode: e})
		s.sequence++
		err := s.builder.Add(s.sequence, record)
		if errors.Is(err, stream.ErrFull) {
			if err = s.flush(ctx, now); err == nil {
				err = s.builder.Add(s.sequence, record)
			}
		}
		if err != nil {
			return err
		}
	}
	s.span("session", day.from, day.to)
	if day.kind != "" {
		s.span(day.kind, day.from, day.to)
	}
	return nil
}

func (s *sender) span(kind string, from, to time.Time) {
	if from.IsZero() {
		return
	}
	_, offset := from.Zone()
	span := &agentv1.Span{
		Id: hash(s.worker.account, s.computer.name, kind, from.String())[:8], Kind: kind, Login: s.told(), Session: "1",
		StartMs: from.UnixMilli(), OffsetMinutes: int32(offset / 60),
	}
	if !to.IsZero() {
		span.EndMs = to.UnixMilli()
	}
	s.spans = append(s.spans, span)
}

func (s *sender) open(now time.Time, e episode.Episode, u use) *agentv1.OpenEpisode {
	_, offset := e.Start.Zone()
	return &agentv1.OpenEpisode{
		Login: s.told(), Session: "1", State: agentv1.State_STATE_ACTIVE, StartMs: e.Start.UnixMilli(), OffsetMinutes: int32(offset / 60),
		LengthMs: now.Sub(e.Start).Milliseconds(), App: e.App, Product: u.product, Bundle: s.bundle(u), Title: e.Title, Site: e.Site, Private: e.Private,
		IdleMs: 2000, SettingsRevision: s.revision,
	}
}

// bundle is what the desk's computer tells of an application: Macs alone have it.
func (s *sender) bundle(u use) string {
	if s.computer.os != "macos" {
		return ""
	}
	return u.bundle
}

func (s *sender) flush(ctx context.Context, now time.Time) error {
	request := s.contact(now)
	request.Batch, request.Spans, request.SettingsRevision = s.builder.Batch(), s.spans, s.revision
	if s.last != nil {
		request.Open = []*agentv1.OpenEpisode{s.last}
	}
	answer, err := s.device.Sync(ctx, request)
	if err != nil {
		return err
	}
	if answer.Fork || len(answer.Refusals) > 0 {
		return errors.New("the collector refused: " + answer.String())
	}
	s.builder, s.spans = stream.NewBuilder(s.id, s.builder.Digest()), nil
	return nil
}

// Contact lets every computer that is in use be heard of again: what goes on there goes on.
func (s *Studio) Contact(ctx context.Context) error {
	now := time.Now().In(s.now.Location())
	for _, d := range s.desks {
		request := d.contact(now)
		if d.last != nil {
			d.last.LengthMs = now.UnixMilli() - d.last.StartMs
			request.Open = []*agentv1.OpenEpisode{d.last}
		}
		if _, err := d.device.Sync(ctx, request); err != nil {
			return err
		}
	}
	return nil
}

// password gives a user the studio's password, once the file that names the user is in force.
func (s *Studio) password(ctx context.Context, email string) error {
	return process.Wait(ctx, patience, "password", func() error {
		_, err := s.Collector.Tell(ctx, Password+"\n", "user", "password", email)
		return err
	})
}

const patience = 30 * time.Second
