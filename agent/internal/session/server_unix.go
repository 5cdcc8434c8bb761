//go:build unix

package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/peer"
	"github.com/dayline-project/dayline/shared/stream"
)

// listen opens the unix socket: anybody may knock, the peer's credentials say who it is. Its folder belongs to who runs
// the service, so that nobody else can put a socket there.
func listen(path string) (net.Listener, error) {
	info, err := os.Lstat(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm()&0o022 != 0 || !ok || owner.Uid != 0 && int(owner.Uid) != os.Geteuid() {
		return nil, fmt.Errorf("%s is not a folder that only we may change", filepath.Dir(path))
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

// Dial connects to the service that listens there.
func Dial(ctx context.Context, path string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", path)
}

// identify asks the kernel. An administrator, or whoever runs the service in the foreground, may ask about everybody.
func identify(conn net.Conn) (credential, error) {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return credential{}, errors.New("session: peer: no unix socket")
	}
	uid, pid, err := peer.Of(unixConn)
	if err != nil {
		return credential{}, fmt.Errorf("session: peer: %w", err)
	}
	return credential{user: strconv.FormatUint(uint64(uid), 10), pid: pid, root: uid == 0 || int(uid) == os.Geteuid()}, nil
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
