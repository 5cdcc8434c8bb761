package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/shared/buildinfo"
	"github.com/dayline-project/dayline/shared/stream"
)

// Status is what `status --json` prints: of this device, and of the asking login only (of all, for an administrator).
type Status struct {
	Version string `json:"version"`
	Running bool   `json:"running"`
	// Enrolled: the device has an identity; Device is its id.
	Enrolled  bool     `json:"enrolled"`
	Device    string   `json:"device,omitempty"`
	Collector []string `json:"collector,omitempty"`
	Connected bool     `json:"connected"`
	Revoked   bool     `json:"revoked,omitempty"`
	// Problem with the contact, in people's words.
	Problem          string     `json:"problem,omitempty"`
	SettingsRevision string     `json:"settings_revision"`
	SettingsSince    *time.Time `json:"settings_since"`
	StartedAt        *time.Time `json:"started_at,omitempty"`
	LastContactAt    *time.Time `json:"last_contact_at"`
	LastUploadAt     *time.Time `json:"last_upload_at"`
	BufferedEpisodes int64      `json:"buffered_episodes"`
	BufferedBytes    int64      `json:"buffered_bytes"`
	// Lost and Quarantined are of the device; only an administrator is told.
	LostEpisodes        int64 `json:"lost_episodes,omitempty"`
	QuarantinedEpisodes int64 `json:"quarantined_episodes,omitempty"`
	// Logins tells what is collected here.
	Logins             []Collected `json:"logins"`
	MissingPermissions []string    `json:"missing_permissions"`
	Update             string      `json:"update"`
	// Errors of the agent itself, for an administrator.
	Errors []string `json:"errors,omitempty"`
}

// Collected is what is collected of one login.
type Collected struct {
	Login    string `json:"login"`
	Collect  bool   `json:"collect"`
	Reason   string `json:"reason,omitempty"`
	Paused   bool   `json:"paused"`
	MayPause bool   `json:"may_pause"`
	Titles   bool   `json:"titles"`
	URLs     string `json:"urls,omitempty"`
	// Schedule as resolved; null is always.
	Schedule map[string][]string    `json:"schedule"`
	Notice   string                 `json:"notice,omitempty"`
	Capture  []session.CaptureLevel `json:"capture"`
	Sessions int                    `json:"sessions"`
}

// Observed says how many sessions of the login are observed.
func (c *Collected) Observed() string {
	if c.Sessions == 1 {
		return "1 session observed"
	}
	return fmt.Sprintf("%d sessions observed", c.Sessions)
}

// answer is asked by a person's command.
func (s *Service) answer(ctx context.Context, peer session.Peer, what string) *session.Answer {
	var document any
	var err error
	switch what {
	case "status":
		document = s.status(peer)
	case "doctor":
		document = s.doctor(peer)
	case "update":
		// It counts everybody's sessions.
		if document = s.report(); !peer.Root {
			err = errors.New("only who watches an update is told")
		}
	case "pause":
		document, err = s.pause(peer.Login)
	case "resume":
		document, err = s.resume(peer.Login)
	case "my-day":
		document, err = s.myDay(ctx, peer.Login)
	default:
		err = errors.New("this agent does not know that question")
	}
	if err != nil {
		return &session.Answer{Error: err.Error()}
	}
	raw, err := json.Marshal(document)
	if err != nil || len(raw) > session.MaxFrame-1024 {
		return &session.Answer{Error: "the answer is too long"}
	}
	return &session.Answer{Document: raw}
}

func (s *Service) status(peer session.Peer) *Status {
	contact := s.contact()
	status := &Status{
		Version: buildinfo.Version, Running: true, Enrolled: s.Identity != nil, Connected: contact.Connected, Revoked: contact.Revoked,
		Problem: contact.Problem, SettingsRevision: s.settings.Revision(), SettingsSince: moment(s.settings.Since()),
		StartedAt:     moment(s.startedAt),
		LastContactAt: moment(contact.LastContactAt), LastUploadAt: moment(contact.LastUploadAt),
		Update: s.updates().Words(time.Now()),
	}
	if s.Identity != nil {
		status.Device = s.Identity.Device()
		status.Collector = s.Trusted.Sets()[0].Addresses
	} else {
		status.Problem = s.whyNotEnrolled()
	}
	logins := []stream.Login{peer.Login}
	if peer.Root {
		stats := s.buffer.Stats()
		status.BufferedEpisodes, status.BufferedBytes = stats.Episodes, stats.Bytes
		status.LostEpisodes, status.QuarantinedEpisodes = stats.Lost, stats.Quarantined
		status.Errors = s.problems(stats)
		if present := s.hub.logins(); len(present) > 0 {
			logins = present
		}
	} else {
		status.BufferedEpisodes, status.BufferedBytes = s.buffer.Usage(peer.Login)
	}
	now := time.Now()
	for _, login := range logins {
		status.Logins = append(status.Logins, s.collected(login, now))
	}
	status.MissingPermissions = s.hub.missing(logins)
	return status
}

func (s *Service) whyNotEnrolled() string {
	if s.Enrolling != nil {
		if words := s.Enrolling(); words != "" {
			return words
		}
	}
	return errNotEnrolled.Error()
}

// missing are the permissions that the helpers of these logins lack, each once.
func (h *hub) missing(logins []stream.Login) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := []string{}
	for _, one := range h.helpers {
		if one.conn != nil && slices.Contains(logins, one.peer.Login) {
			all = append(all, one.capture.Missing...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// collected tells what is collected of a login, as its helper was told.
func (s *Service) collected(login stream.Login, now time.Time) Collected {
	settings, paused, _ := s.hub.rules(login, now)
	told := Collected{Login: login.Name, Collect: settings.Collect, Reason: settings.Reason, Paused: paused, Capture: []session.CaptureLevel{}}
	if effective, _ := s.settings.For(login); effective != nil {
		told.MayPause = effective.Pause
		told.Titles, told.URLs = effective.Settings.Privacy.Titles, string(effective.Settings.Privacy.URLs)
		told.Schedule = effective.Settings.Schedule
		if effective.Notice != nil {
			told.Notice = effective.Notice.Text
		}
	}
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	for _, one := range s.hub.sorted() {
		if one.peer.Login == login && one.conn != nil {
			told.Sessions++
			told.Capture = append(told.Capture, one.capture.Subjects...)
		}
	}
	return told
}

// pause stops collection of the login until it resumes, or local midnight.
func (s *Service) pause(login stream.Login) (*Collected, error) {
	now := time.Now()
	effective, reason := s.settings.For(login)
	switch {
	case effective == nil:
		return nil, errors.New("nothing is collected now: " + reason)
	case !effective.Pause:
		return nil, errors.New("the account does not allow people to pause")
	}
	if err := s.buffer.Pause(login, now); err != nil {
		s.log.Error("pause not kept", "error", err)
		return nil, errors.New("the pause could not be stored; nothing has changed")
	}
	s.hub.mu.Lock()
	if s.hub.pauses[login] == nil {
		span := newSpan(buffer.SpanPause, "person", login, now)
		s.hub.putSpan(span)
		s.hub.pauses[login] = span
	}
	s.hub.mu.Unlock()
	return s.refreshed(login, now), nil
}

func (s *Service) resume(login stream.Login) (*Collected, error) {
	if err := s.buffer.Resume(login); err != nil {
		s.log.Error("pause not ended", "error", err)
		return nil, errors.New("the end of the pause could not be stored; nothing has changed")
	}
	return s.refreshed(login, time.Now()), nil
}

func (s *Service) refreshed(login stream.Login, now time.Time) *Collected {
	s.hub.refresh(now)
	told := s.collected(login, now)
	return &told
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.Round(time.Millisecond)
	return &t
}
