package session

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strings"

	"github.com/dayline-project/dayline/shared/stream"
)

// lookUp finds the account: in the machine's own list (local to the device), else in a directory by `getent`, which asks
// what the system is configured to ask. A pure Go program reads only the machine's list itself.
func lookUp(ctx context.Context, number string) (stream.Login, error) {
	host, err := os.Hostname()
	if err != nil {
		return stream.Login{}, fmt.Errorf("session: host name: %w", err)
	}
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
