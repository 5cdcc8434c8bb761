package dbus

import (
	"errors"
	"fmt"
	"os"

	"github.com/godbus/dbus/v5"
)

// The names of logind: org.freedesktop.login1(5).
const (
	logindName    = "org.freedesktop.login1"
	logindPath    = "/org/freedesktop/login1"
	managerFace   = "org.freedesktop.login1.Manager"
	sessionFace   = "org.freedesktop.login1.Session"
	userFace      = "org.freedesktop.login1.User"
	propertiesGet = "org.freedesktop.DBus.Properties.Get"
)

// ErrNoLogin is told where logind knows no login session that would be ours.
var ErrNoLogin = errors.New("dbus: logind knows no such session")

// login is the session that is followed.
type login struct {
	// owner is the unique name logind speaks under. Everybody on the system bus may send signals in its words, also
	// to us alone, so each is held against it.
	owner string
	path  dbus.ObjectPath
	// matched: the bus was asked for what does not depend on the session.
	matched bool
}

// LoginState is what logind knows of the session.
type LoginState struct {
	Locked, InFront, Sleeping bool
}

// FollowLogin finds a login session and begins to tell of it: by its id ($XDG_SESSION_ID), else the one that has the
// user's display. It is called again after LogindCame, from the goroutine that calls Next or before it does.
func (b *Bus) FollowLogin(sessionID string, uid int) (LoginState, error) {
	if !b.login.matched {
		if err := b.matchLogin(); err != nil {
			return LoginState{}, err
		}
		b.login.matched = true
	}
	if err := b.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.GetNameOwner", &b.login.owner, logindName); err != nil {
		return LoginState{}, err
	}
	path, err := b.findLogin(sessionID, uid)
	if err != nil {
		return LoginState{}, err
	}
	if path != b.login.path {
		if err := b.match(dbus.WithMatchSender(logindName), dbus.WithMatchObjectPath(path)); err != nil {
			return LoginState{}, err
		}
		b.login.path = path
	}
	return b.loginState()
}

func (b *Bus) matchLogin() error {
	return errors.Join(
		b.match(dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchInterface("org.freedesktop.DBus"),
			dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, logindName)),
		b.match(dbus.WithMatchSender(logindName), dbus.WithMatchInterface(managerFace), dbus.WithMatchMember("PrepareForSleep")),
		b.match(dbus.WithMatchSender(logindName), dbus.WithMatchInterface(managerFace), dbus.WithMatchMember("PrepareForShutdown")),
	)
}

func (b *Bus) findLogin(sessionID string, uid int) (dbus.ObjectPath, error) {
	var path dbus.ObjectPath
	if sessionID != "" {
		if err := b.call(logindName, logindPath, managerFace+".GetSession", &path, sessionID); err != nil {
			return "", err
		}
		return path, nil
	}
	var user dbus.ObjectPath
	if err := b.call(logindName, logindPath, managerFace+".GetUser", &user, uint32(uid)); err != nil {
		return "", err
	}
	var display struct {
		ID   string
		Path dbus.ObjectPath
	}
	var value dbus.Variant
	if err := b.call(logindName, user, propertiesGet, &value, userFace, "Display"); err != nil {
		return "", err
	}
	if err := dbus.Store([]any{value.Value()}, &display); err != nil {
		return "", fmt.Errorf("dbus: the user's display: %w", err)
	}
	if display.ID == "" {
		return "", ErrNoLogin
	}
	return display.Path, nil
}

func (b *Bus) loginState() (LoginState, error) {
	var s LoginState
	err := errors.Join(
		b.property(b.login.path, sessionFace, "LockedHint", &s.Locked),
		b.property(b.login.path, sessionFace, "Active", &s.InFront),
		b.property(logindPath, managerFace, "PreparingForSleep", &s.Sleeping),
	)
	return s, err
}

func (b *Bus) property(path dbus.ObjectPath, face, name string, into *bool) error {
	var value dbus.Variant
	if err := b.call(logindName, path, propertiesGet, &value, face, name); err != nil {
		return err
	}
	is, ok := value.Value().(bool)
	if !ok {
		return fmt.Errorf("dbus: %s.%s is no boolean", face, name)
	}
	*into = is
	return nil
}

// Delay asks logind to wait with sleep and shutdown, at most as long as it allows (5 s by default), until the file
// it gives is closed.
func (b *Bus) Delay(who, why string) (*os.File, error) {
	var fd dbus.UnixFD
	if err := b.call(logindName, logindPath, managerFace+".Inhibit", &fd, "sleep:shutdown", who, why, "delay"); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "inhibitor"), nil
}

func (b *Bus) loginEvent(s *dbus.Signal) (Event, bool) {
	if s.Name == "org.freedesktop.DBus.NameOwnerChanged" {
		return b.ownerChanged(s)
	}
	if s.Sender == "" || s.Sender != b.login.owner {
		return Event{}, false
	}
	switch s.Name {
	case managerFace + ".PrepareForSleep":
		on, is := first[bool](s.Body)
		return Event{Kind: Sleep, On: on}, is
	case managerFace + ".PrepareForShutdown":
		on, is := first[bool](s.Body)
		return Event{Kind: Shutdown, On: on}, is
	}
	if s.Path != b.login.path {
		return Event{}, false
	}
	switch s.Name {
	case sessionFace + ".Lock":
		return Event{Kind: LockAsked}, true
	case sessionFace + ".Unlock":
		return Event{Kind: UnlockAsked}, true
	case "org.freedesktop.DBus.Properties.PropertiesChanged":
		return sessionChanged(s.Body)
	}
	return Event{}, false
}

func (b *Bus) ownerChanged(s *dbus.Signal) (Event, bool) {
	var name, before, now string
	if s.Sender != "org.freedesktop.DBus" || dbus.Store(s.Body, &name, &before, &now) != nil || name != logindName {
		return Event{}, false
	}
	b.login.owner = now
	if now == "" {
		return Event{Kind: LogindWent}, true
	}
	return Event{Kind: LogindCame}, true
}

// sessionChanged reads PropertiesChanged of the session. LockedHint and Active do not change in one signal.
func sessionChanged(body []any) (Event, bool) {
	var face string
	var changed map[string]dbus.Variant
	var invalidated []string
	if dbus.Store(body, &face, &changed, &invalidated) != nil || face != sessionFace {
		return Event{}, false
	}
	for name, kind := range map[string]Kind{"LockedHint": LockedHint, "Active": InFront} {
		if value, ok := changed[name]; ok {
			if on, is := value.Value().(bool); is {
				return Event{Kind: kind, On: on}, true
			}
		}
	}
	return Event{}, false
}
