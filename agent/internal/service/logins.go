package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/stream"
)

const (
	loginsFile = "logins.json"
	// Logins are asked about for this long after their last session, at most so many: the newest.
	keptLoginDays = 30
	keptLogins    = 200
)

// logins are those that had a session here lately. The collector is asked about all of them, not only about who is
// there now: else settings would forget a login whenever its helper is gone for a moment, and cut what goes on.
type logins struct {
	path string
	mu   sync.Mutex
	seen []seenLogin
}

type seenLogin struct {
	stream.Login
	// Day it was last seen, local.
	Day string `json:"day"`
}

// openLogins reads the file; a damaged one is begun anew: the logins come by themselves.
func openLogins(path string) (*logins, error) {
	l := &logins{path: path}
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("service: logins: %w", err)
	default:
		if json.Unmarshal(raw, &l.seen) != nil {
			l.seen = nil
		}
	}
	return l, nil
}

// saw notes that a login has a session now.
func (l *logins) saw(login stream.Login, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	today := now.Format(time.DateOnly)
	if slices.Contains(l.seen, seenLogin{login, today}) {
		return nil
	}
	oldest := now.AddDate(0, 0, -keptLoginDays).Format(time.DateOnly)
	l.seen = slices.DeleteFunc(l.seen, func(s seenLogin) bool {
		same := strings.EqualFold(s.Authority, login.Authority) && strings.EqualFold(s.Account, login.Account)
		return same || s.Day < oldest
	})
	l.seen = append(l.seen, seenLogin{login, today})
	l.seen = l.seen[max(len(l.seen)-keptLogins, 0):]
	raw, err := json.Marshal(l.seen)
	if err == nil {
		err = disk.Replace(l.path, raw)
	}
	if err != nil {
		return fmt.Errorf("service: logins: %w", err)
	}
	return nil
}

// list gives them in a steady order.
func (l *logins) list() []stream.Login {
	l.mu.Lock()
	defer l.mu.Unlock()
	listed := make([]stream.Login, 0, len(l.seen))
	for _, one := range l.seen {
		listed = append(listed, one.Login)
	}
	slices.SortFunc(listed, func(a, b stream.Login) int { return strings.Compare(a.Name, b.Name) })
	return listed
}
