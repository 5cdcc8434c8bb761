package service

import (
	"fmt"
	"strings"
	"time"

	"github.com/dayline-project/dayline/agent/internal/session"
)

// Check is one thing `doctor` looked at.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Found says what is, Fix what to do where it is not right.
	Found string `json:"found"`
	Fix   string `json:"fix,omitempty"`
}

// clockTolerated is how far the device's clock may be off before it is worth mending.
const clockTolerated = time.Minute

func check(name string, ok bool, found, fix string) Check {
	if ok {
		fix = ""
	}
	return Check{Name: name, OK: ok, Found: found, Fix: fix}
}

// doctor looks at all that has to be right for this login's time to reach the collector.
func (s *Service) doctor(peer session.Peer) []Check {
	status, contact, stats := s.status(peer), s.contact(), s.buffer.Stats()
	if !status.Enrolled { // all else follows from it
		return []Check{check("enrolment", false, status.Problem,
			"check the network and that the collector runs, or get an enrolment string and run, as administrator: dayline-agent enroll STRING")}
	}
	reached := "the collector answers"
	if !status.Connected {
		reached = "no contact"
		if status.Problem != "" {
			reached = status.Problem
		}
	}
	clock := "not compared yet"
	if contact.ClockKnown {
		clock = fmt.Sprintf("differs from the collector's by %s", contact.ClockOffset.Abs().Round(time.Millisecond))
	}
	damage := "sound"
	if len(stats.SetAside) > 0 {
		damage = fmt.Sprintf("%d damaged files were set aside in the state folder", len(stats.SetAside))
	}
	settings := "revision " + status.SettingsRevision
	problem := s.settings.Problem()
	if problem != "" {
		settings = problem
	}
	checks := []Check{
		check("enrolment", true, "enrolled as "+status.Device, ""),
		check("collector", status.Connected, reached, "check the network, a firewall, and that the collector runs"),
		check("clock", contact.ClockOffset.Abs() <= clockTolerated, clock, "turn on time synchronisation"),
		check("settings", problem == "", settings, "wait for the next contact; if it stays, look at the collector's log"),
		check("buffer", len(stats.SetAside) == 0, damage, "look for a failing disk; then remove the files named *.corrupt-*"),
		check("losses", stats.Lost == 0, fmt.Sprintf("%d episodes lost, %d refused", stats.Lost, stats.Quarantined),
			"check free disk space, the clock, and the buffer's caps in the account"),
		updateCheck(s.updates()),
	}
	for _, login := range status.Logins {
		checks = append(checks, s.sessionChecks(login)...)
	}
	for _, permission := range status.MissingPermissions {
		what, how, _ := strings.Cut(permission, ": ")
		checks = append(checks, check("permission", false, what, how))
	}
	return checks
}

func (s *Service) sessionChecks(login Collected) []Check {
	checks := []Check{
		check("session of "+login.Login, login.Sessions > 0, login.Observed(), toBeObserved),
	}
	switch {
	case !login.Collect && s.settings.Revision() == "": // said of the settings
	case !login.Collect:
		checks = append(checks, check("collection of "+login.Login, false, login.Reason, "this is the account's choice; ask who keeps it"))
	case login.Paused:
		checks = append(checks, check("collection of "+login.Login, false, "paused until midnight", "dayline-agent resume"))
	}
	for _, level := range login.Capture {
		found := level.Level
		if level.Reason != "" {
			found += ": " + level.Reason
		}
		if heard := Heard(&level, time.Now()); heard != "" {
			found += "; " + heard
		}
		checks = append(checks, check("capture of "+level.Subject, level.Level == "full", found, "see the reason"))
	}
	return checks
}
