package dbus

import "github.com/godbus/dbus/v5"

// The screen savers that tell when they cover the screen: GNOME's under its own name, KDE's and others' under the
// common one (freedesktop.org's idle-inhibition draft).
var saverSignals = map[string]Kind{
	"org.gnome.ScreenSaver.ActiveChanged":       Saver,
	"org.freedesktop.ScreenSaver.ActiveChanged": Saver,
}

// FollowSaver begins to tell of the screen saver and gives whether one covers the screen now.
func (b *Bus) FollowSaver() (active bool, err error) {
	for _, saver := range []struct {
		face string
		path dbus.ObjectPath
	}{
		{"org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"},
		{"org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"},
		{"org.freedesktop.ScreenSaver", "/ScreenSaver"},
	} {
		if err := b.match(dbus.WithMatchInterface(saver.face), dbus.WithMatchMember("ActiveChanged"), dbus.WithMatchObjectPath(saver.path)); err != nil {
			return false, err
		}
		// None running, or one that cannot tell, is no error: it tells when it changes.
		var is bool
		if b.call(saver.face, saver.path, saver.face+".GetActive", &is) == nil {
			active = active || is
		}
	}
	return active, nil
}
