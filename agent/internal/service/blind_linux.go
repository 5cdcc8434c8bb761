package service

import (
	"strconv"

	"github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/agent/internal/sys/dbus"
)

// peopleSessions are asked of logind, over a connection that is made anew after any error: the graphical ones that
// somebody looks at. Without logind nothing can be told.
type peopleSessions struct {
	launcher session.Launcher
	bus      *dbus.Bus
}

func (p *peopleSessions) list() ([]session.LoginSession, error) {
	if p.launcher != nil {
		return p.launcher.Sessions()
	}
	if p.bus == nil {
		bus, err := dbus.DialSystem()
		if err != nil {
			return nil, err
		}
		p.bus = bus
	}
	all, err := p.bus.Sessions()
	if err != nil {
		p.close()
		return nil, err
	}
	var sessions []session.LoginSession
	for _, one := range all {
		if one.Graphical && one.Active {
			sessions = append(sessions, session.LoginSession{ID: one.ID, User: strconv.FormatUint(uint64(one.UID), 10)})
		}
	}
	return sessions, nil
}

func (p *peopleSessions) close() {
	if p.bus != nil {
		p.bus.Close()
		p.bus = nil
	}
}
