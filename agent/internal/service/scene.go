package service

import (
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/health"
	"github.com/dayline-project/dayline/agent/internal/uplink"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

var states = map[episode.State]agentv1.State{
	episode.Active: agentv1.State_STATE_ACTIVE, episode.Passive: agentv1.State_STATE_PASSIVE, episode.Locked: agentv1.State_STATE_LOCKED,
}

var reasons = map[episode.Reason]agentv1.Reason{
	episode.ReasonLock: agentv1.Reason_REASON_LOCK, episode.ReasonSleep: agentv1.Reason_REASON_SLEEP,
}

// inUse: unlocked, and with input lately; a helper that does not know of input is in use while it is heard.
func (one *helper) inUse(now time.Time) bool {
	switch {
	case one.open != nil && one.open.State == episode.Locked:
		return false
	case one.idleMS < 0:
		return now.Sub(one.heardAt) < inUseFor
	}
	return time.Duration(one.idle(now))*time.Millisecond < inUseFor
}

// idle is the milliseconds since the last input, by what was told last; -1 unknown.
func (one *helper) idle(now time.Time) int64 {
	if one.idleMS < 0 {
		return -1
	}
	return one.idleMS + now.Sub(one.idleAt).Milliseconds()
}

func (one *helper) openEpisode(now time.Time) *agentv1.OpenEpisode {
	open := one.open
	_, offset := open.Start.Zone()
	return &agentv1.OpenEpisode{
		Login: buffer.Login(one.peer.Login), Session: one.run, State: states[open.State], StartMs: open.Start.UnixMilli(),
		OffsetMinutes: int32(offset / 60), LengthMs: open.For.Milliseconds(), App: open.App, Product: open.product, Bundle: open.bundle,
		Title: open.Title, Site: open.Site, Url: open.URL, Private: open.Private, Reason: reasons[open.Reason],
		IdleMs: one.idle(now), SettingsRevision: open.Revision,
	}
}

// scene is what the device shows now.
func (s *Service) scene() uplink.Scene {
	now := time.Now()
	scene := uplink.Scene{Facts: s.facts(), Health: s.health(now), Logins: s.logins.list()}
	scene.Open, scene.InUse = s.hub.open(now)
	return scene
}

// facts are asked anew each time only where they can change while we run.
func (s *Service) facts() *agentv1.DeviceFacts {
	s.factsOnce.Do(func() { s.factsNow = health.Facts() })
	facts := proto.CloneOf(s.factsNow) // what was sent last is compared with
	facts.TimeZone = health.Zone()
	return facts
}

// maxHealthBytes is less than the collector takes: it would refuse the spans with it, and so anybody's helper that tells
// too much would hide what they tell of its person.
const maxHealthBytes = 31 << 10

func (s *Service) health(now time.Time) *agentv1.Health {
	stats := s.buffer.Stats()
	self, updates := health.Measure(), s.updates()
	report := &agentv1.Health{
		BufferedEpisodes: stats.Episodes, BufferedBytes: stats.FileBytes, LostEpisodes: stats.Lost, QuarantinedEpisodes: stats.Quarantined,
		UptimeSeconds: int64(now.Sub(s.startedAt).Seconds()), MemoryBytes: self.MemoryBytes, CpuMs: self.CPU.Milliseconds(),
		Errors: s.problems(stats), Update: selfUpdate(updates),
	}
	if updates.Problem != "" {
		report.Errors = append(report.Errors, updates.Problem)
	}
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	for _, one := range s.hub.sorted() {
		report.EmptiedTitles += one.capture.EmptiedTitles
		told := &agentv1.Health{Errors: one.capture.Errors, MissingPermissions: one.capture.Missing}
		for _, subject := range one.capture.Subjects {
			told.Capture = append(told.Capture, &agentv1.Capture{
				Subject: subject.Subject, Level: subject.Level, Reason: subject.Reason, Login: buffer.Login(one.peer.Login),
				ExtensionVersion: subject.Extension, ExtensionMs: subject.ExtensionMS,
				FrontSeconds: subject.FrontSeconds, AddressSeconds: subject.AddressSeconds,
			})
		}
		if proto.Size(report)+proto.Size(told) <= maxHealthBytes {
			proto.Merge(report, told)
		}
	}
	slices.Sort(report.MissingPermissions)
	report.MissingPermissions = slices.Compact(report.MissingPermissions)
	return report
}

// problems of this device, never with a title or an address.
func (s *Service) problems(stats buffer.Stats) []string {
	var problems []string
	if problem := s.settings.Problem(); problem != "" {
		problems = append(problems, problem)
	}
	if len(stats.SetAside) > 0 {
		problems = append(problems, "a damaged buffer was set aside")
	}
	return append(problems, s.errors.Recent()...)
}
