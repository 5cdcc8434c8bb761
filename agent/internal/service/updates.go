package service

import (
	"runtime"
	"time"

	"github.com/dayline-project/dayline/agent/internal/health"
	"github.com/dayline-project/dayline/agent/internal/update"
	"github.com/dayline-project/dayline/shared/buildinfo"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/release"
)

// newUpdater prepares the updates of an enrolled device.
func (s *Service) newUpdater() *update.Updater {
	return update.New(update.Config{
		Folder: s.Folder, Version: buildinfo.Version, System: health.OS(), Arch: runtime.GOARCH,
		OSVersion: func() string { return s.facts().OsVersion },
		Device:    s.Identity.Device(), Built: release.Built, Host: s.Updates, Get: s.uplink.Get, Time: s.latestTime,
		Connected: func() bool { return s.uplink.Status().Connected }, Soon: s.uplink.Soon, Log: s.log,
	})
}

// latestTime is the device's or the collector's, whichever is later: what has ended by either has ended.
func (s *Service) latestTime() time.Time {
	now := time.Now()
	for _, other := range []func() time.Time{
		s.Trusted.CollectorTime,
		func() time.Time { at, _ := s.contact().CollectorTime(now); return at },
	} {
		if at := other(); at.After(now) {
			now = at
		}
	}
	return now
}

// order tells the updater what an answer asks for; nil: nothing.
func (s *Service) order(ordered *agentv1.Update) {
	if ordered == nil {
		s.updater.Order(nil)
		return
	}
	version, err := release.ParseVersion(ordered.Version)
	if err != nil {
		s.log.Warn("version to become not known")
		return
	}
	s.updater.Order(&update.Order{Version: version, Pinned: ordered.Pinned, Now: ordered.Now})
}

// report tells the watcher of an update how this service does.
func (s *Service) report() update.Report {
	return update.Report{
		Version: buildinfo.Version, Buffer: true, Sessions: int(s.hub.wanted.Load()), Observed: s.hub.observed(),
		Accepted: s.uplink != nil && s.uplink.Status().Accepted,
	}
}

// updates tell how updating stands. Before a device is enrolled there is nobody to ask for any.
func (s *Service) updates() update.State {
	if s.updater == nil {
		return update.State{Off: errNotEnrolled.Error()}
	}
	return s.updater.State()
}

// updateCheck is what doctor says of updates. That they are off is how some builds and installations are.
func updateCheck(state update.State) Check {
	ok := state.Off != "" || state.Problem == "" && len(state.Lately(time.Now())) == 0
	fix := "ask who releases the agent for a newer channel, and have it added to the collector"
	if state.Problem == "" {
		fix = "the agent's log says more; the collector can have it tried again: dayline-collector device update"
	}
	return check("updates", ok, state.Words(time.Now()), fix)
}

// selfUpdate tells the collector how updating stands.
func selfUpdate(state update.State) *agentv1.SelfUpdate {
	told := &agentv1.SelfUpdate{
		Off: state.Off, Version: state.Version, Step: state.Step, Waits: state.Waits, ChannelVersion: int64(state.Channel),
	}
	if state.Channel > 0 {
		told.ChannelExpiresMs = state.ChannelExpiresAt.UnixMilli()
	}
	for _, one := range state.Failed {
		told.Failed = append(told.Failed, &agentv1.FailedUpdate{
			Version: one.Version, Step: one.Step, Reason: one.Reason, AtMs: one.At.UnixMilli(), RolledBack: one.RolledBack,
			UntilMs: one.At.Add(update.RetryAfter).UnixMilli(),
		})
	}
	return told
}
