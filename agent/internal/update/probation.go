package update

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/dayline-project/dayline/agent/internal/buffer"
)

// probation is how long a new version has to do its work for once; a build for tests has a shorter one.
var probation = "10m"

const (
	// lookEvery is how often the service is asked; a look that came late counts for lateLook at most: the computer slept or stood still.
	lookEvery = 2 * time.Second
	lateLook  = 5 * time.Second
	// mostStarts of the service there are before it does its work. The computer's own are counted with the others: a version that takes
	// the computer down with it has to go too, and who starts theirs anew does not do so three times before it has worked a minute.
	mostStarts = 3
)

// term gives the spans of a probation of some length: the watcher looks every so often; the service has worked for steady since it
// started last; and as often as reach the collector is tried, the outcome of which holds till then.
type term struct{ all, look, steady, reach time.Duration }

func newTerm(all time.Duration) term {
	return term{all: all, look: min(lookEvery, all/20), steady: all / 10, reach: all / 20}
}

// sight is what the watcher sees of the service at a moment.
type sight struct {
	// report is nil where none came.
	report *Report
	// damaged: a buffer that was sound before the swap has been set aside.
	damaged bool
	// starts of the service, and how long it has been since the last.
	starts int
	since  time.Duration
	// cutOff: the collector did not answer before the swap, or does not answer the watcher either. blind: no helper was there before
	// the swap either, as where a person keeps theirs from starting.
	cutOff, blind bool
}

// verdict on a new version.
type verdict int

const (
	unsettled verdict = iota
	healthy
	unfit
)

// judge judges a version that was watched for some time; why says what it lacks.
func judge(to string, watched time.Duration, s sight, t term) (found verdict, why string) {
	why = lacking(to, s)
	switch {
	case s.damaged:
		return unfit, why
	case why == "" && s.since >= t.steady:
		return healthy, ""
	case s.starts >= mostStarts && why == "":
		return unfit, "it was started again and again"
	case s.starts >= mostStarts:
		return unfit, "it was started again and again: " + why
	case watched >= t.all && why == "":
		return unfit, "it worked for too short a time"
	case watched >= t.all:
		return unfit, why
	}
	return unsettled, why
}

// lacking says what a service does not do, of what it has to.
func lacking(to string, s sight) string {
	switch {
	case s.damaged:
		return "its buffer was damaged"
	case s.report == nil:
		return "its service does not answer"
	case s.report.Version != to:
		return "its service is of another version"
	case !s.report.Buffer:
		return "its buffer is not open"
	case s.report.blind() && !s.blind:
		return "no session's helper said hello"
	case !s.report.Accepted && !s.cutOff:
		return "the collector, which answers, accepted nothing from it"
	}
	return ""
}

// probation watches the new version until it is settled whether it stays.
func (w *Watcher) probation(ctx context.Context, m *Marker) error {
	placed, err := w.placed(ctx, m)
	if err != nil {
		return err
	}
	switch {
	case placed == m.Former:
		return w.returned(ctx, m)
	case placed != m.SHA256:
		return w.handsOff(ctx, m)
	case m.Wanting != "":
		return w.rollback(ctx, m)
	}
	length, err := time.ParseDuration(probation)
	if err != nil {
		return err
	}
	if err := w.Host.Start(ctx); err != nil {
		w.Log.Warn("service not started", "error", err)
	}
	found, why, err := w.watch(ctx, m, newTerm(length))
	switch {
	case err != nil:
		return err
	case found == healthy:
		w.Log.Info("update done", "version", m.To)
		return w.settle(ctx, m, nil)
	}
	w.Log.Warn("the new version goes", "version", m.To, "reason", why)
	m.Wanting = why
	return errors.Join(m.Save(w.Folder), w.rollback(ctx, m))
}

// watch looks at the service until it is judged, and keeps now and then how long that took.
func (w *Watcher) watch(ctx context.Context, m *Marker, t term) (verdict, string, error) {
	ticker := time.NewTicker(t.look)
	defer ticker.Stop()
	eye := &eye{Watcher: w, term: t, to: m.To, connected: m.Connected, blind: m.Blind}
	kept := m.Watched
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return unsettled, "", ctx.Err()
		case <-ticker.C:
		}
		now := time.Now()
		passed := min(now.Sub(last), lateLook)
		last = now
		m.Watched += passed
		if found, why := judge(m.To, m.Watched, eye.look(ctx, passed), t); found != unsettled {
			return found, why, nil
		}
		if m.Watched-kept >= t.reach {
			kept = m.Watched
			if err := m.Save(w.Folder); err != nil {
				w.Log.Warn("probation not noted", "error", err)
			}
		}
	}
}

// eye remembers what one look does not tell.
type eye struct {
	*Watcher
	term
	to        string
	connected bool
	blind     bool
	starts    int
	since     time.Duration
	// reached is what came of the last try, and holds for some more time.
	reached bool
	holds   time.Duration
}

func (e *eye) look(ctx context.Context, passed time.Duration) sight {
	e.since, e.holds = e.since+passed, e.holds-passed
	if starts := startsIn(e.Folder); starts != e.starts {
		e.starts, e.since = starts, 0
	}
	s := sight{
		starts: e.starts, since: e.since, damaged: len(buffer.AsideSince(e.Buffer, e.in(FormerBuffer))) > 0,
		cutOff: !e.connected, blind: e.blind,
	}
	asking, cancel := context.WithTimeout(ctx, e.term.look)
	defer cancel()
	if report, err := e.Host.Ask(asking); err == nil {
		s.report = &report
	}
	if s.report == nil || s.report.Accepted || !e.connected || s.since < e.steady {
		return s
	}
	if e.holds <= 0 {
		e.reached, e.holds = e.Host.Reached(ctx), e.reach
	}
	s.cutOff = !e.reached
	return s
}

// NoteStart notes that a service starts, as its first act: one that starts again and again is seen by that.
func NoteStart(state string) {
	m, err := LoadMarker(state)
	if err != nil || m.Step != Probation {
		return
	}
	file, err := os.OpenFile(filepath.Join(state, Folder, startsFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return // it counts for less
	}
	defer file.Close()
	_, _ = file.Write([]byte{'.'})
}

func startsIn(state string) int {
	info, err := os.Stat(filepath.Join(state, Folder, startsFile))
	if err != nil {
		return 0 // none yet
	}
	return int(info.Size())
}
