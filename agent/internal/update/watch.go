package update

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dayline-project/dayline/shared/release"
)

// FormerBuffer is the buffer in Folder as the former version left it, while an update is under way.
const FormerBuffer = "buffer.former"

// Names in Folder: a byte for each start of the service, and the end of what a version that failed wrote.
const (
	startsFile = "starts"
	failedLog  = "failed.log"
)

// Watcher is the actor that exchanges the program and judges what came. It is of the version that ran till then. Every field is needed.
type Watcher struct {
	// Folder is the state folder, and Buffer the service's buffer in it.
	Folder, Buffer string
	Host           Host
	// System is as the contract names it, and Built gives the keys of this build.
	System string
	Built  func() (release.Trusted, error)
	Log    *slog.Logger
}

// Run does what the marker says, from wherever a kill or a power cut left it, and takes the watcher back once it is done. An error says
// that it could not go on now: the service manager is to run it again.
func (w *Watcher) Run(ctx context.Context) error {
	for {
		m, err := LoadMarker(w.Folder)
		if err != nil {
			return errors.Join(err, w.standby(ctx))
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

// standby has the service run, whichever program that is: it is the service that sets a damaged marker aside.
func (w *Watcher) standby(ctx context.Context) error {
	if _, err := os.Lstat(w.Host.Target()); errors.Is(err, fs.ErrNotExist) {
		if err := CopyAside(w.Host.Aside(), w.Host.Target()); err != nil {
			return err
		}
	}
	return w.Host.Start(ctx)
}

func (w *Watcher) in(name string) string { return filepath.Join(w.Folder, Folder, name) }

// settle ends an update: what of it lies about goes, and the marker is the service's again. A failure is kept in it. A disk that is full
// is waited for, since the next watcher would not know what failed.
func (w *Watcher) settle(ctx context.Context, m *Marker, failure *Failed) error {
	settled := &Marker{Failed: slices.DeleteFunc(m.Failed, func(one Failed) bool { return one.Version == m.To })}
	if failure != nil {
		failure.Version, failure.Step, failure.At = m.To, m.Step, time.Now()
		w.Log.Error("update failed", "version", m.To, "step", m.Step, "reason", failure.Reason, "rolled_back", failure.RolledBack)
		settled.fail(*failure)
	}
	for {
		// First, since a full disk may have no room for the marker before.
		if err := errors.Join(cleanState(w.Folder), cleanBeside(w.Host.Target())); err != nil {
			w.Log.Warn("update not cleaned up", "error", err)
		}
		err := settled.Save(w.Folder)
		if err == nil {
			return nil
		}
		w.Log.Warn("update not settled", "error", err)
		if err := wait(ctx, newTerm(length(probation)).reach); err != nil {
			return err
		}
	}
}

// wait for so long, or for the end of ctx, which is an error.
func wait(ctx context.Context, long time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(long):
		return nil
	}
}

// failed settles an update that changed nothing. Where this watcher was ended meanwhile, as when the computer shuts down, nothing
// failed: the next one goes on.
func (w *Watcher) failed(ctx context.Context, m *Marker, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return w.settle(ctx, m, &Failed{Reason: cause.Error()})
}

// handsOff settles an update that somebody else's overtook, such as an installer's.
func (w *Watcher) handsOff(ctx context.Context, m *Marker) error {
	w.Log.Warn("somebody else exchanged the program: the update ends", "version", m.To)
	return w.settle(ctx, m, nil)
}
