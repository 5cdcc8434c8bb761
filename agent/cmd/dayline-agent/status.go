package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/service"
	"github.com/dayline-project/dayline/shared/buildinfo"
)

// status tells a person what runs and what is collected: 0 where the service answers, else 1.
func status(args []string, stdout, stderr io.Writer) int {
	o := newOptions("status", "", stderr)
	asJSON := o.Bool("json", false, "print JSON")
	if _, status, ok := o.parse(args, 0); !ok {
		return status
	}
	var s service.Status
	err := ask(o.state, "status", &s)
	if errors.Is(err, errNotRunning) {
		s = stopped(o.state)
	} else if err != nil {
		return fail(stderr, err)
	}
	if *asJSON {
		if err := printJSON(stdout, s); err != nil {
			return fail(stderr, err)
		}
	} else {
		printStatus(stdout, &s)
	}
	if err != nil {
		return failed
	}
	return done
}

// stopped is what can be said without the service.
func stopped(state string) service.Status {
	s := service.Status{
		Version: buildinfo.Version, Problem: errNotRunning.Error(), Logins: []service.Collected{}, MissingPermissions: []string{},
		Update: "not while the service does not run",
	}
	if identity, err := enroll.Load(state); err == nil {
		s.Enrolled, s.Device = true, identity.Device()
	}
	return s
}

func printJSON(w io.Writer, document any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

func printStatus(w io.Writer, s *service.Status) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-14s %s\n", name, fmt.Sprintf(format, args...))
	}
	running := "running"
	if !s.Running {
		running = "not running"
	} else if s.StartedAt != nil {
		running += " since " + local(s.StartedAt)
	}
	line("Dayline agent", "%s, %s", s.Version, running)
	if s.Enrolled {
		line("Device", "%s", s.Device)
	}
	if s.Running && s.Enrolled {
		contact := "not connected"
		if s.Connected {
			contact = "connected"
		}
		line("Collector", "%s, %s; last contact %s, last upload %s", strings.Join(s.Collector, ", "), contact, local(s.LastContactAt), local(s.LastUploadAt))
	}
	if s.Problem != "" {
		line("Problem", "%s", s.Problem)
	}
	for _, login := range s.Logins {
		line("Collected", "%s: %s", login.Login, describe(&login))
		for _, level := range login.Capture {
			line("", "%s: %s%s", level.Subject, strings.ReplaceAll(level.Level, "_", " "), because(level.Reason))
			if heard := service.Heard(&level, time.Now()); heard != "" {
				line("", "%s: %s", level.Subject, heard)
			}
		}
		if login.Notice != "" {
			line("Notice", "%s", login.Notice)
		}
	}
	if s.Running {
		revision := "none yet"
		if s.SettingsRevision != "" {
			revision = s.SettingsRevision + " since " + local(s.SettingsSince)
		}
		line("Settings", "%s", revision)
		line("Buffered", "%d episodes, %d bytes", s.BufferedEpisodes, s.BufferedBytes)
	}
	for _, permission := range s.MissingPermissions {
		line("Missing", "%s", permission)
	}
	line("Updates", "%s", s.Update)
	if s.Running && s.Enrolled {
		line("Your day", "dayline-agent my-day shows what was recorded of you, and who looked at it")
	}
	for _, problem := range s.Errors {
		line("Error", "%s", problem)
	}
}

// describe says in words what is collected of a login.
func describe(login *service.Collected) string {
	switch {
	case !login.Collect:
		return "nothing" + because(login.Reason)
	case login.Paused:
		return "nothing: paused until resume or midnight"
	}
	what := "application and time of input"
	if login.Titles {
		what += ", window titles"
	}
	switch login.URLs {
	case "host":
		what += ", hosts of pages"
	case "path":
		what += ", addresses of pages without queries"
	case "full":
		what += ", whole addresses of pages"
	}
	if login.Schedule != nil {
		what += ", within the schedule"
	}
	return what + " (" + login.Observed() + ")"
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

func local(t *time.Time) string {
	if t == nil {
		return "none since the service started"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}
