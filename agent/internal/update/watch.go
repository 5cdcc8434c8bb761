package update

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/dayline-project/dayline/shared/release"
)

// Names in Folder. Former is the buffer as the former version left it; Log the last that a failed one wrote, where the state folder
// has the service's log.
const (
	startsFile = "starts"
	formerFile = "buffer.former"
	failedLog  = "failed.log"
)

// Watcher is the actor that exchanges the program and judges what came. It is of the version that ran till then. Every field is needed.
type Watcher struct {
	// State is the state folder, and Buffer the service's buffer in it.
	State, Buffer string
	Host          Host
	// System is as the contract names it, and Built gives the keys of this build.
	System string
	Built  func() (release.Trusted, error)
	Log    *slog.Logger
}

// Run does what the marker says, from wherever a kill or a power cut left it, and takes the watcher back once it is done. An error says
// that it could not go on now: the service manager is to run it again.
func (w *Watcher) Run(ctx context.Context) error {
	for {
		m, err := LoadMarker(w.State)
		if err != nil {
			return err
		}
		switch m.Step {
		case Swap:
			err = w.swap(ctx, m)
		case Probation:
			err = w.probation(ctx, m)
		default:
			return w.Host.Unwatch(ctx)
		}
		if err != nil {
			return err
		}
	}
}

func (w *Watcher) in(name string) string { return filepath.Join(w.State, Folder, name) }

// settle ends an update: what of it lies about goes, and the marker is the service's again. A failure is kept in it.
func (w *Watcher) settle(m *Marker, failure *Failed) error {
	// First, since a full disk may have no room for the marker before.
	if err := errors.Join(cleanState(w.State), cleanBeside(w.Host.Target())); err != nil {
		w.Log.Warn("update not cleaned up", "error", err)
	}
	settled := &Marker{Failed: slices.DeleteFunc(m.Failed, func(one Failed) bool { return one.Version == m.To })}
	if failure != nil {
		failure.Version, failure.Step, failure.At = m.To, m.Step, time.Now()
		w.Log.Error("update failed", "version", m.To, "step", m.Step, "reason", failure.Reason, "rolled_back", failure.RolledBack)
		settled.Failed = slices.Insert(settled.Failed, 0, *failure)
	}
	return settled.Save(w.State)
}

// failed settles an update that changed nothing.
func (w *Watcher) failed(m *Marker, cause error) error {
	return w.settle(m, &Failed{Reason: cause.Error()})
}

// handsOff settles an update that somebody else's overtook, such as an installer's.
func (w *Watcher) handsOff(m *Marker) error {
	w.Log.Warn("somebody else exchanged the program: the update ends", "version", m.To)
	return w.settle(m, nil)
}
