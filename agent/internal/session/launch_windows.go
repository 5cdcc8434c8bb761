package session

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
	"github.com/dayline-project/dayline/shared/stream"
)

// What a helper writes on its standard error is logged up to so many bytes, and up to the first line that is longer than
// one may be: a person owns the helper.
const (
	spokenMost = 64 << 10
	lineMost   = 1 << 10
	// lastWords is how long what an ended helper has written is still read: it is there already.
	lastWords = 200 * time.Millisecond
)

// NewLauncher gives the launcher of the system service: one helper in every person's session, as that person.
func NewLauncher(log *slog.Logger) Launcher { return everySession{log} }

// NewOwnLauncher gives the launcher of a service in the foreground: one helper in its own session, as who runs it.
func NewOwnLauncher(log *slog.Logger) Launcher { return ownSession{log} }

type everySession struct{ log *slog.Logger }

// Sessions implements Launcher. Where the system lists none, as Wine does, there is that of the console.
func (l everySession) Sessions() ([]LoginSession, error) {
	ids, err := win.Sessions()
	if err != nil {
		return nil, fmt.Errorf("session: list: %w", err)
	}
	if id, ok := win.ConsoleSession(); len(ids) == 0 && ok {
		ids = []uint32{id}
	}
	var sessions []LoginSession
	var fault error
	for _, id := range ids {
		user, err := userOf(id)
		switch {
		case errors.Is(err, windows.ERROR_NO_TOKEN): // nobody is logged in
		case err != nil:
			fault = err
		case ofPerson(user):
			sessions = append(sessions, LoginSession{ID: strconv.FormatUint(uint64(id), 10), User: user})
		}
	}
	if len(sessions) > 0 {
		fault = nil // one session that is going away right now says nothing of the others
	}
	return sessions, fault
}

// userOf tells whose a session is.
func userOf(id uint32) (string, error) {
	token, err := win.UserToken(id)
	if err != nil {
		return "", fmt.Errorf("session: list: %w", err)
	}
	defer token.Close()
	return win.SIDOf(token)
}

// Launch implements Launcher.
func (l everySession) Launch(session LoginSession) (Launched, error) {
	id, err := strconv.ParseUint(session.ID, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("session: launch: %w", err)
	}
	token, err := win.UserToken(uint32(id))
	if err != nil {
		return nil, fmt.Errorf("session: launch: %w", err)
	}
	defer func() { token.Close() }()
	// The session may be somebody else's by now.
	if user, err := win.SIDOf(token); err != nil || user != session.User {
		return nil, errors.Join(errors.New("session: launch: the session has changed"), err)
	}
	if token, err = win.Ordinary(token); err != nil {
		return nil, fmt.Errorf("session: launch: %w", err)
	}
	helper, err := launch(session, token, l.log)
	if err != nil {
		return nil, err
	}
	if helper.peer.Login, err = loggedIn(uint32(id), session.User); err != nil {
		l.log.Debug("session's account not told", "error", err)
	}
	return helper, nil
}

// loggedIn is the login of who is logged in to a session, as far as the session itself knows.
func loggedIn(id uint32, user string) (stream.Login, error) {
	domain, name, err := win.SessionAccount(id)
	if err != nil {
		return stream.Login{}, fmt.Errorf("session: account: %w", err)
	}
	machine, err := machineSID()
	if err != nil {
		return stream.Login{}, err
	}
	return sidLogin(user, machine, domain, name), nil
}

type ownSession struct{ log *slog.Logger }

// Sessions implements Launcher.
func (l ownSession) Sessions() ([]LoginSession, error) {
	id, err1 := win.OwnSession()
	user, err2 := win.OwnSID()
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("session: list: %w", err)
	}
	return []LoginSession{{ID: strconv.FormatUint(uint64(id), 10), User: user}}, nil
}

// Launch implements Launcher.
func (l ownSession) Launch(session LoginSession) (Launched, error) {
	helper, err := launch(session, 0, l.log)
	if err != nil {
		return nil, err
	}
	return helper, nil
}

// launched is a helper process and the near ends of its pipes.
type launched struct {
	process      *win.Process
	pipe, spoken win.Pipe
	peer         Peer
}

// launch starts this very program as a session's helper. It inherits one end of a pipe, and speaks to us on its standard
// error; both pipes are open to the system, to administrators and to us alone, and are opened at once.
func launch(session LoginSession, token windows.Token, log *slog.Logger) (*launched, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("session: launch: %w", err)
	}
	pipe, far, err := newPair(win.BothEnds)
	if err != nil {
		return nil, fmt.Errorf("session: launch: %w", err)
	}
	defer windows.CloseHandle(far)
	spoken, stderr, err := newPair(win.NearEnd)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("session: launch: %w", err), pipe.Close())
	}
	defer windows.CloseHandle(stderr)
	process, err := win.StartProcess(win.Child{
		Token: token, Path: self, Args: []string{"session", "--pipe", strconv.FormatUint(uint64(far), 10)},
		Stderr: stderr, Inherit: []windows.Handle{far},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("session: launch: %w", err), pipe.Close(), spoken.Close())
	}
	go listenTo(spoken, log.With("session", session.ID)) // ends with the process, by End at the latest
	return &launched{process: process, pipe: pipe, spoken: spoken, peer: Peer{User: session.User, PID: process.PID, OSSession: session.ID}}, nil
}

// Inherit takes over the end of a pipe that this process was started with: its handle.
func Inherit(number uint64) (net.Conn, error) {
	pipe, err := win.OpenPipe(uintptr(number))
	if err != nil {
		return nil, fmt.Errorf("session: inherit: %w", err)
	}
	return pipe, nil
}

// newPair makes a pipe of a name that nobody can know.
func newPair(overlapped win.Overlapped) (win.Pipe, windows.Handle, error) {
	own, err := win.OwnSID()
	if err != nil {
		return win.Pipe{}, 0, err
	}
	var name [16]byte
	rand.Read(name[:]) // never fails
	return win.NewPair(`\\.\pipe\dayline-session-`+hex.EncodeToString(name[:]), "D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;"+own+")", overlapped)
}

// listenTo logs the lines of a helper, within bounds, and reads on: who writes must not wait for us.
func listenTo(spoken win.Pipe, log *slog.Logger) {
	defer spoken.Close()
	lines := bufio.NewScanner(io.LimitReader(spoken, spokenMost))
	lines.Buffer(nil, lineMost)
	for lines.Scan() {
		log.Info("session helper says", "line", lines.Text())
	}
	_, _ = io.Copy(io.Discard, spoken)
}

// Conn implements Launched.
func (l *launched) Conn() net.Conn { return l.pipe }

// Peer implements Launched.
func (l *launched) Peer() Peer { return l.peer }

// End implements Launched.
func (l *launched) End(within time.Duration) (going bool, err error) {
	defer l.process.Close()
	// Any program of the person's may have taken a handle of its standard error, and would keep us listening.
	defer func() { _ = l.spoken.SetReadDeadline(time.Now().Add(lastWords)) }()
	status, ended, err := l.process.Wait(within)
	switch {
	case err != nil:
		return false, errors.Join(err, l.process.Kill())
	case !ended:
		err := errors.Join(fmt.Errorf("session: helper: not ended within %s", within), l.process.Kill())
		_, _, _ = l.process.Wait(within) // there must never be two
		return false, err
	case status != 0:
		return status == win.LogoffStatus || status == win.TerminatedStatus, fmt.Errorf("session: helper: exit status %#x", status)
	}
	return false, nil
}
