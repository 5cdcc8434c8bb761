package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dayline-project/dayline/agent/internal/uplink"
	"github.com/dayline-project/dayline/shared/stream"
)

// askedFor bounds a question to the collector; the command that puts it waits a little longer.
const askedFor = 8 * time.Second

var errNotEnrolled = errors.New("this device is not enrolled: dayline-agent enroll STRING")

// MyDay is what `my-day` is answered.
type MyDay struct {
	// URL is good once, for two minutes: it lets in whoever opens it.
	URL string `json:"url"`
}

// myDay asks the collector for the address where the login sees its own day. One question of a login at a time: each
// holds up the next sync.
func (s *Service) myDay(ctx context.Context, login stream.Login) (*MyDay, error) {
	if s.uplink == nil {
		return nil, errNotEnrolled
	}
	if _, asking := s.asking.LoadOrStore(login, true); asking {
		return nil, errors.New("the collector is being asked already")
	}
	defer s.asking.Delete(login)
	ctx, cancel := context.WithTimeout(ctx, askedFor)
	defer cancel()
	url, err := s.uplink.MyDay(ctx, login)
	if errors.Is(err, uplink.ErrNothingStored) {
		if told := s.collected(login, time.Now()); !told.Collect && told.Reason != "" {
			return nil, fmt.Errorf("%w: %s", err, told.Reason)
		}
	}
	if err != nil {
		return nil, err
	}
	return &MyDay{URL: url}, nil
}
