package report

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/settings"
)

// slow answers when its context ends.
type slow struct {
	Store
	begun chan struct{}
}

func (s slow) Owners(ctx context.Context) ([]collector.Owner, error) {
	s.begun <- struct{}{}
	<-ctx.Done()
	return nil, ctx.Err()
}

type empty struct{ Registry }

func (empty) Devices(context.Context) ([]collector.Device, error)     { return nil, nil }
func (empty) Audit(context.Context, collector.AuditEntry) error       { return nil }
func (empty) Health(context.Context, string) (*agentv1.Health, error) { return nil, nil }
func (empty) Now(context.Context) (*directory.Directory, error) {
	return directory.New(&config.People{}, directory.Registered{}, 1), nil
}
func (empty) set() *config.Set {
	return &config.Set{Account: settings.Default(), Classification: &config.Classification{}}
}
func (empty) Open(time.Time) []collector.OpenRow {
	return []collector.OpenRow{{Device: "d", Row: collector.Row{LoginKey: "x", Record: does("x", "Tue 11:00", 1, episode.Active, "a", "", "").Record}}}
}

func TestReportsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := slow{begun: make(chan struct{}, atOnce)}
		r := New(Options{Directory: empty{}, Registry: empty{}, Store: store, Going: empty{}, Set: empty{}.set})
		began := time.Now()
		errs := make(chan error, atOnce)
		for range atOnce {
			go func() {
				_, err := r.Hours(t.Context(), administrator, &adminv1.ReportRequest{})
				errs <- err
			}()
		}
		for range atOnce {
			<-store.begun
		}
		if _, err := r.People(t.Context(), administrator, &adminv1.ReportRequest{}); collector.CodeOf(err) != collector.TooMany {
			t.Errorf("one more: %v", err)
		}
		for range atOnce {
			if err := <-errs; collector.CodeOf(err) != collector.TooLarge {
				t.Errorf("out of time: %v", err)
			}
		}
		if took := time.Since(began); took != answerFor {
			t.Errorf("it took %v", took)
		}
	})
}

// endless gives page after page.
type endless struct{ Store }

func (endless) Owners(context.Context) ([]collector.Owner, error) { return nil, nil }
func (endless) Episodes(_ context.Context, _ *collector.Query, _ collector.Page, yield func([]*adminv1.ActivityRow) error) (string, error) {
	for {
		if err := yield([]*adminv1.ActivityRow{{}}); err != nil {
			return "", err
		}
	}
}

// Readers of the log who take their time hold no place that a report needs, and are bounded by themselves.
func TestSlowReadersHoldNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := New(Options{Directory: empty{}, Registry: empty{}, Store: endless{}, Going: empty{}, Set: empty{}.set})
		stuck := errors.New("stuck")
		errs := make(chan error, streamsAtOnce)
		for range streamsAtOnce {
			go func() {
				pages := 0
				errs <- r.Activity(ctx, administrator, &adminv1.ReportRequest{}, func([]*adminv1.ActivityRow) error {
					if pages++; pages == 1 {
						return nil
					}
					<-ctx.Done()
					return stuck
				})
			}()
			synctest.Wait()
		}
		if len(r.places) != 0 {
			t.Errorf("%d places are held", len(r.places))
		}
		time.Sleep(2 * answerFor)
		if err := r.Activity(ctx, administrator, &adminv1.ReportRequest{}, nil); collector.CodeOf(err) != collector.TooMany {
			t.Errorf("one more: %v", err)
		}
		cancel()
		for range streamsAtOnce {
			if err := <-errs; !errors.Is(err, stuck) {
				t.Error(err)
			}
		}
	})
}
