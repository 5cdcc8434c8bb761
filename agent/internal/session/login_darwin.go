package session

import (
	"context"
	"fmt"
	"os"
	"os/user"

	"github.com/dayline-project/dayline/shared/stream"
)

// lookUp finds the account. The system's list knows the accounts of directories too, so a directory says whose it is.
func lookUp(ctx context.Context, number string) (stream.Login, error) {
	host, err := os.Hostname()
	if err != nil {
		return stream.Login{}, fmt.Errorf("session: host name: %w", err)
	}
	account, err := user.LookupId(number)
	if err != nil {
		return stream.Login{}, fmt.Errorf("session: no account has the number %s: %w", number, err)
	}
	return macLogin(ctx, "/usr/bin/dscl", account.Username, host)
}
