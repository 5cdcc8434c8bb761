package uplink_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/uplink"
	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

const page = "https://dayline.example.com/my-day#code=abc"

func TestMyDay(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	asks := func(want, words string) {
		t.Helper()
		url, err := d.uplink.MyDay(t.Context(), anna)
		if url != want || (err == nil) != (words == "") || err != nil && !strings.Contains(err.Error(), words) {
			t.Errorf("%q, %v", url, err)
		}
	}
	asks("", "too old")
	c.Lock()
	c.Day = func(login *agentv1.Login) (string, error) {
		if login.Account != anna.Account || login.Authority != anna.Authority {
			t.Errorf("asked about %v", login)
		}
		return page, nil
	}
	c.Unlock()
	asks(page, "")
	c.Restart()
	asks(page, "") // it signs in anew
	for code, words := range map[string]string{
		"not_found": uplink.ErrNothingStored.Error(), "revoked": "revoked", "too_many": "collector refused: why",
	} {
		c.Lock()
		c.Day = func(*agentv1.Login) (string, error) { return "", uplinktest.Refusal(code, "", "why") }
		c.Unlock()
		asks("", words)
	}
	c.Stop()
	asks("", "does not answer")
}

// One call is in flight at a time: a question waits for the sync, and no longer than it was told to.
func TestMyDayWaitsForTheSync(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	c.Lock()
	c.Day = func(*agentv1.Login) (string, error) { return page, nil }
	syncing, goOn := make(chan struct{}), make(chan struct{})
	c.Answer = func(*agentv1.SyncRequest, *agentv1.SyncResponse) error {
		close(syncing)
		<-goOn
		return nil
	}
	c.Unlock()
	synced := make(chan struct{})
	go func() {
		defer close(synced)
		d.uplink.Sync(t.Context())
	}()
	<-syncing
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := d.uplink.MyDay(ended, anna); err == nil || errors.Is(err, uplink.ErrNothingStored) {
		t.Errorf("in the middle of a sync: %v", err)
	}
	close(goOn)
	if url, err := d.uplink.MyDay(t.Context(), anna); err != nil || url != page {
		t.Errorf("after it: %q, %v", url, err)
	}
	<-synced
}
