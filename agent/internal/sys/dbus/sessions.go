package dbus

import (
	"fmt"

	"github.com/godbus/dbus/v5"
)

// Session is a login session as logind lists it.
type Session struct {
	ID  string
	UID uint32
	// Active: it is in front of its seat.
	Active bool
	// Graphical: a person's, with a display (not a greeter's, not a terminal's).
	Graphical bool
}

// Sessions lists the login sessions logind knows.
func (b *Bus) Sessions() ([]Session, error) {
	var listed []struct {
		ID   string
		UID  uint32
		User string
		Seat string
		Path dbus.ObjectPath
	}
	if err := b.call(logindName, logindPath, managerFace+".ListSessions", &listed); err != nil {
		return nil, err
	}
	sessions := make([]Session, 0, len(listed))
	for _, one := range listed {
		var properties map[string]dbus.Variant
		if err := b.call(logindName, one.Path, "org.freedesktop.DBus.Properties.GetAll", &properties, sessionFace); err != nil {
			return nil, fmt.Errorf("dbus: session: %w", err)
		}
		kind, _ := properties["Type"].Value().(string)
		class, _ := properties["Class"].Value().(string)
		active, _ := properties["Active"].Value().(bool)
		graphical := class == "user" && (kind == "x11" || kind == "wayland" || kind == "mir")
		sessions = append(sessions, Session{ID: one.ID, UID: one.UID, Active: active, Graphical: graphical})
	}
	return sessions, nil
}
