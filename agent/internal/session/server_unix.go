//go:build unix

package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
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

// listen opens the unix socket: anybody may knock, the peer's credentials say who it is. Its folder belongs to who runs
// the service, so that nobody else can put a socket there.
func listen(path string) (net.Listener, error) {
	info, err := os.Lstat(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if !info.IsDir() || info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("%s is not a folder that only its owner may change", filepath.Dir(path))
	}
	if probe, err := net.DialTimeout("unix", path, time.Second); err == nil {
		probe.Close()
		return nil, errors.New("another agent listens there already")
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		listener.Close()
		return nil, err
	}
	return listener, nil
}

// identify asks the kernel. An administrator, or whoever runs the service in the foreground, may ask about everybody.
func identify(conn net.Conn) (credential, error) {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return credential{}, errors.New("session: peer: no unix socket")
	}
	uid, pid, err := credentials(unixConn)
	if err != nil {
		return credential{}, fmt.Errorf("session: peer: %w", err)
	}
	return credential{user: strconv.FormatUint(uint64(uid), 10), pid: pid, root: uid == 0 || int(uid) == os.Geteuid()}, nil
}

// LoginOf gives the account with this number, local or of a directory.
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
	host, err := os.Hostname()
	if err != nil {
		return stream.Login{}, fmt.Errorf("session: host name: %w", err)
	}
	if login, err = lookUp(ctx, user, host); err != nil {
		return stream.Login{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil || len(l.known) >= keptLogins {
		l.known = map[string]stream.Login{}
	}
	l.known[user] = login
	return login, nil
}

// lookUp finds the account: in the machine's own list (local to the device), else in a directory by `getent`, which asks
// what the system is configured to ask. A pure Go program reads only the machine's list itself.
func lookUp(ctx context.Context, number, host string) (stream.Login, error) {
	if account, err := user.LookupId(number); err == nil {
		return localLogin(account.Username, host), nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupFor)
	defer cancel()
	line, err := exec.CommandContext(ctx, "getent", "passwd", number).Output()
	if err != nil {
		return stream.Login{}, fmt.Errorf("session: no account has the number %s: %w", number, err)
	}
	name, _, _ := strings.Cut(string(line), ":")
	return directoryLogin(name, host), nil
}

func localLogin(name, host string) stream.Login {
	return stream.Login{Account: name, Name: hostDomain(host) + `\` + name}
}

// directoryLogin takes apart how directories show their accounts: user@realm (sssd) or DOMAIN\user (winbind). One
// shown without either is told apart by the device, as a local account is.
func directoryLogin(name, host string) stream.Login {
	if account, realm, found := strings.Cut(name, "@"); found && account != "" && realm != "" {
		return stream.Login{Authority: strings.ToLower(realm), Account: account, Name: realm + `\` + account}
	}
	if domain, account, found := strings.Cut(name, `\`); found && domain != "" && account != "" {
		return stream.Login{Authority: strings.ToLower(domain), Account: account, Name: domain + `\` + account}
	}
	return localLogin(name, host)
}

// hostDomain is the computer's name as it stands for a domain: without its own.
func hostDomain(host string) string {
	name, _, _ := strings.Cut(host, ".")
	return name
}
