package service

import "github.com/dayline-project/dayline/agent/internal/session"

// console is whose it is that looks at the screen (loginwindow gives it to them).
const console = "/dev/console"

// peopleSessions are those that the launcher knows, where there is one, else that of who looks at the screen.
type peopleSessions struct{ launcher session.Launcher }

func (p *peopleSessions) list() ([]session.LoginSession, error) {
	if p.launcher != nil {
		return p.launcher.Sessions()
	}
	uid, somebody, err := atConsole(console)
	if err != nil {
		return nil, err
	}
	return consoleSession(uid, somebody), nil
}

func (p *peopleSessions) close() {}
