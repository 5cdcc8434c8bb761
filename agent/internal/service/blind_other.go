//go:build !linux && !darwin

package service

import "github.com/dayline-project/dayline/agent/internal/session"

// peopleSessions are those that the launcher knows, where there is one.
type peopleSessions struct{ launcher session.Launcher }

func (p *peopleSessions) list() ([]session.LoginSession, error) {
	if p.launcher == nil {
		return nil, nil
	}
	return p.launcher.Sessions()
}

func (p *peopleSessions) close() {}
