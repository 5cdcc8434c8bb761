package main

import (
	"context"
	"encoding/json"
	"io"
	"os/user"
	"runtime/debug"
	"slices"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser/host"
	"github.com/dayline-project/dayline/agent/internal/service"
	helper "github.com/dayline-project/dayline/agent/internal/session"
)

// hostMemory is what the garbage collector keeps a native host's heap under: there is one for each profile of a browser.
const hostMemory = 6 << 20

// nativeHost is what a browser starts for its extension: 0 once the browser closed it, 1 for an extension that is not ours or
// breaks the bounds. Browsers add flags as they like; --state DIR is for a manifest that names a script which adds it.
func nativeHost(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if err := host.Check(args); err != nil {
		return fail(stderr, err)
	}
	debug.SetMemoryLimit(hostMemory)
	shrink()
	state := defaultState()
	if i := slices.Index(args, "--state"); i >= 0 && i+1 < len(args) {
		state = args[i+1]
	}
	h := host.New(host.Config{
		In: stdin, Out: stdout, Browser: host.Browser(),
		Status: func(ctx context.Context) json.RawMessage { return forPopup(ctx, state) },
	})
	if err := h.Run(context.Background()); err != nil {
		return fail(stderr, err)
	}
	return done
}

// popup is what the extension shows the person: message.ts' Status.
type popup struct {
	// Running: the service answers; else Problem says in people's words why not, and what to do.
	Running bool   `json:"running"`
	Problem string `json:"problem,omitempty"`
	// Login is the person's; what follows is of it alone.
	Login   string `json:"login,omitempty"`
	Collect bool   `json:"collect"`
	Reason  string `json:"reason,omitempty"`
	Paused  bool   `json:"paused"`
	Titles  bool   `json:"titles"`
	// URLs: "", host, path or full.
	URLs          string     `json:"urls,omitempty"`
	Scheduled     bool       `json:"scheduled"`
	Notice        string     `json:"notice,omitempty"`
	SettingsSince *time.Time `json:"settings_since,omitempty"`
}

// forPopup asks the service what is collected of this person.
func forPopup(ctx context.Context, state string) json.RawMessage {
	var s service.Status
	shown := popup{}
	if err := ask(state, "status", &s); err != nil {
		shown.Problem = err.Error() + advice(err)
	} else {
		shown = popupOf(&s, ownLogin(ctx))
	}
	document, err := json.Marshal(shown)
	if err != nil {
		return json.RawMessage("{}")
	}
	return document
}

// popupOf takes from what the service tells what is of one login: whoever may ask about all is told of all.
func popupOf(s *service.Status, login string) popup {
	shown := popup{Running: true, Problem: s.Problem, Login: login, SettingsSince: s.SettingsSince}
	for _, one := range s.Logins {
		if one.Login == login {
			shown.Collect, shown.Reason, shown.Paused = one.Collect, one.Reason, one.Paused
			shown.Titles, shown.URLs, shown.Scheduled, shown.Notice = one.Titles, one.URLs, one.Schedule != nil, one.Notice
		}
	}
	return shown
}

// ownLogin is how the service shows this process's account.
func ownLogin(ctx context.Context) string {
	me, err := user.Current()
	if err != nil {
		return ""
	}
	login, err := helper.LoginOf(ctx, me.Uid)
	if err != nil {
		return ""
	}
	return login.Name
}
