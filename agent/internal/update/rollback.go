package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/release"
)

// rollback puts the former version back, for what the marker says that the new one wants. Where it may not run any more the new one
// stays, whatever it wants.
func (w *Watcher) rollback(ctx context.Context, m *Marker) error {
	if err := w.allowed(m.From); err != nil {
		return w.stays(ctx, m, err)
	}
	if err := w.prepareFormer(m); err != nil {
		return w.stays(ctx, m, err)
	}
	w.keepLog()
	if err := w.stopRestored(ctx); err != nil {
		return errors.Join(err, w.Host.Start(ctx))
	}
	if err := commit(ctx, w.Host.Target()); err != nil {
		return errors.Join(err, w.Host.Start(ctx))
	}
	return w.returned(ctx, m)
}

// allowed tells why a version may not run any more, by the channel that the service learnt last. Where none counts, all may.
func (w *Watcher) allowed(version string) error {
	built, err := w.Built()
	if err != nil {
		return nil
	}
	known, err := openKnown(filepath.Join(w.Folder, Folder), built)
	if err != nil {
		return nil
	}
	parsed, err := release.ParseVersion(version)
	if err != nil {
		return nil
	}
	return known.channel.Allows(w.System, parsed)
}

// stays settles an update whose version is found wanting and cannot go.
func (w *Watcher) stays(ctx context.Context, m *Marker, cause error) error {
	if err := w.Host.Start(ctx); err != nil {
		return err
	}
	return w.settle(ctx, m, &Failed{Reason: fmt.Sprintf("%s; it stays, since %s cannot come back: %v", m.Wanting, m.From, cause)})
}

// returned settles an update whose former version is in its place again.
func (w *Watcher) returned(ctx context.Context, m *Marker) error {
	if m.Wanting == "" {
		m.Wanting = "the former version was put back"
	}
	if err := w.Host.Start(ctx); err != nil {
		return err
	}
	return w.settle(ctx, m, &Failed{Reason: m.Wanting, RolledBack: true})
}

// prepareFormer lays the former program beside the target: the file itself where it is still there, else the watcher's own.
func (w *Watcher) prepareFormer(m *Marker) error {
	target := w.Host.Target()
	if sum, err := sumOf(oldOf(target)); err == nil && sum == m.Former {
		// A bundle cannot be renamed over what a cut left there.
		if err := disk.RemoveAll(newOf(target)); err != nil {
			return err
		}
		return os.Rename(oldOf(target), newOf(target))
	}
	return lay(w.Host.Aside(), m.Former, target, w.Host.Aside())
}

// stopRestored stops the service and sees to its buffer. The disk may have no room for that for long: the service goes on till then,
// and does not come to take this watcher for gone, since it is stopped for each try.
func (w *Watcher) stopRestored(ctx context.Context) error {
	for {
		if err := w.Host.Stop(ctx); err != nil {
			return err
		}
		err := w.restore()
		if !errors.Is(err, buffer.ErrDiskFull) {
			return err
		}
		w.Log.Warn("the disk has no room for the buffer as it was before the update", "again_in", probation)
		if err := w.Host.Start(ctx); err != nil {
			return err
		}
		if err := wait(ctx, length(probation)); err != nil {
			return err
		}
	}
}

// restore makes sure that the former version finds its buffer. A disk that cannot be read keeps no version from going.
func (w *Watcher) restore() error {
	restored, err := buffer.Restore(w.Buffer, w.in(FormerBuffer))
	if restored {
		w.Log.Warn("buffer was damaged and is back as it was before the update")
	}
	if err != nil && !errors.Is(err, buffer.ErrLocked) && !errors.Is(err, buffer.ErrDiskFull) {
		w.Log.Error("buffer not restored", "error", err)
		return nil
	}
	return err
}

// serviceLog is where the service writes its log, on systems that keep none for it.
const serviceLog = "agent.log"

// keptLog is how much of its end is kept.
const keptLog = 64 << 10

// keepLog keeps the end of what the failed service wrote, where the next one writes on.
func (w *Watcher) keepLog() {
	err := func() error {
		file, err := os.Open(filepath.Join(w.Folder, serviceLog))
		if err != nil {
			return err
		}
		defer file.Close()
		if info, err := file.Stat(); err == nil && info.Size() > keptLog {
			if _, err := file.Seek(-keptLog, io.SeekEnd); err != nil {
				return err
			}
		}
		end, err := io.ReadAll(io.LimitReader(file, keptLog))
		if err != nil {
			return err
		}
		return disk.Replace(w.in(failedLog), end)
	}()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.Log.Warn("log of the failed version not kept", "error", err)
	}
}
