package session

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/dayline-project/dayline/shared/stream"
)

const (
	lookupFor = 5 * time.Second
	// keptLogins bounds the memory of who is who.
	keptLogins = 10_000
)

// LoginOf gives the account of the system's own word for it, local or of a directory.
func LoginOf(ctx context.Context, user string) (stream.Login, error) { return logins.of(ctx, user) }

// logins remembers who is who, since a directory may be slow to ask. An account's name does not change under its
// number.
var logins loginCache

type loginCache struct {
	mu    sync.Mutex
	known map[string]stream.Login
}

// of does not hold the lock while it asks: a directory that is slow for one account is not for the others.
func (l *loginCache) of(ctx context.Context, user string) (stream.Login, error) {
	l.mu.Lock()
	login, known := l.known[user]
	l.mu.Unlock()
	if known {
		return login, nil
	}
	login, err := lookUp(ctx, user)
	if err != nil {
		return stream.Login{}, err
	}
	l.keep(user, login)
	return login, nil
}

func (l *loginCache) keep(user string, login stream.Login) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil || len(l.known) >= keptLogins {
		l.known = map[string]stream.Login{}
	}
	l.known[user] = login
}

// Accounts of people have SIDs of these two kinds: of a computer or a domain, and of Entra ID. The system's own, its
// services' and those that draw its windows have others:
// https://learn.microsoft.com/windows/win32/secauthz/well-known-sids
const (
	domainSIDs = "S-1-5-21-"
	entraSIDs  = "S-1-12-1-"
)

// ofPerson tells whether a SID is of a person's account.
func ofPerson(sid string) bool {
	return strings.HasPrefix(sid, domainSIDs) || strings.HasPrefix(sid, entraSIDs)
}

// sidLogin tells the login of a SID that is shown as domain and name; machine is the SID that the computer's own accounts
// begin with. All others are known by their SID, whatever their directory is called.
func sidLogin(sid, machine, domain, name string) stream.Login {
	shown := domain + `\` + name
	if account, found := strings.CutPrefix(sid, entraSIDs); found {
		return stream.Login{Authority: strings.TrimSuffix(entraSIDs, "-"), Account: account, Name: shown}
	}
	directory, account := "", sid
	if last := strings.LastIndexByte(sid, '-'); last >= 0 {
		directory, account = sid[:last], sid[last+1:]
	}
	if directory == machine {
		return stream.Login{Account: name, Name: shown}
	}
	return stream.Login{Authority: directory, Account: account, Name: shown}
}
