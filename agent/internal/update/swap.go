package update

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/minio/selfupdate"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/shared/disk"
)

// runWithin is what a program is given to say its version, on a busy computer.
const runWithin = 30 * time.Second

// swap puts the staged program in the place of the one that runs, and starts it. All that takes time is done before the service is
// stopped, and nothing ends with a service that is.
func (w *Watcher) swap(ctx context.Context, m *Marker) error {
	placed, err := w.placed(ctx, m)
	if err != nil {
		return err
	}
	switch placed {
	case m.SHA256: // and there was no time to say so
		return w.begin(ctx, m)
	case m.Former:
	default:
		return w.handsOff(ctx, m)
	}
	if err := w.prepare(ctx, m); err != nil {
		return w.failed(ctx, m, err)
	}
	if err := w.exchange(ctx, m); err != nil {
		if _, gone := os.Lstat(w.Host.Target()); gone != nil {
			// There is no program: mended by the next run, at the latest.
			return errors.Join(err, gone)
		}
		if err := w.Host.Start(ctx); err != nil {
			return err
		}
		return w.failed(ctx, m, err)
	}
	return w.begin(ctx, m)
}

// exchange stops the service, keeps its buffer, and commits what was prepared.
func (w *Watcher) exchange(ctx context.Context, m *Marker) error {
	if err := w.Host.Stop(ctx); err != nil {
		return err
	}
	if err := buffer.Copy(w.Buffer, w.in(FormerBuffer)); err != nil {
		return err
	}
	return commit(ctx, w.Host.Target())
}

// begin starts the new version, and its probation.
func (w *Watcher) begin(ctx context.Context, m *Marker) error {
	// What was staged is in its place, and a full disk has room for the marker then.
	for _, name := range []string{startsFile, filepath.Base(m.Staged)} {
		if err := disk.RemoveAll(w.in(name)); err != nil {
			w.Log.Warn("update not cleaned up", "error", err) // the service is to start
		}
	}
	m.Step, m.Watched = Probation, 0
	saved := m.Save(w.Folder)
	w.Log.Info("program exchanged", "version", m.To)
	if err := w.Host.Start(ctx); err != nil {
		w.Log.Warn("service not started", "error", err) // which is judged
	}
	return saved
}

// placed is the hash of what is in the program's place. Where a power cut left nothing there, the former is put back first.
func (w *Watcher) placed(ctx context.Context, m *Marker) (string, error) {
	target := w.Host.Target()
	sum, err := sumOf(target)
	if !errors.Is(err, fs.ErrNotExist) {
		return sum, err
	}
	if is(newOf(target), m.Former) != nil { // else it was on its way back, and needs no room
		if err := w.prepareFormer(m); err != nil {
			return "", err
		}
	}
	return m.Former, commit(ctx, target)
}

// prepare lays the staged program beside the one that runs, as it was verified, and has it say its version: a program that does not
// run here never comes into that place.
func (w *Watcher) prepare(ctx context.Context, m *Marker) error {
	target := w.Host.Target()
	if err := lay(w.in(filepath.Base(m.Staged)), m.SHA256, target, target); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, runWithin)
	defer cancel()
	var said []byte
	if err := disk.WhileHeld(ctx, func() (err error) {
		said, err = exec.CommandContext(ctx, programIn(newOf(target)), "version").Output()
		return err
	}); err != nil {
		return fmt.Errorf("it does not run here: %w", err)
	}
	if version := strings.TrimSpace(string(said)); version != m.To {
		return fmt.Errorf("it is version %.40q and not %s", version, m.To)
	}
	return nil
}

// What lies beside a program while it is exchanged, as selfupdate names it.
func newOf(target string) string { return beside(target, "new") }
func oldOf(target string) string { return beside(target, "old") }

func beside(target, what string) string {
	return filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+"."+what)
}

// CopyAside puts a copy of a program, or of a bundle, in a place beside it, whole or not at all, with the same access. One that was
// cut off lies where Clean looks.
func CopyAside(program, aside string) error {
	written := newOf(program)
	if err := disk.RemoveAll(written); err != nil {
		return err
	}
	var err error
	if isBundle(program) {
		if err = copyBundle(program, written, program); err == nil {
			err = disk.RemoveAll(aside) // over which no folder can be renamed
		}
	} else if err = copyFile(program, written); err == nil {
		err = keepAccess(written, program)
	}
	if err == nil {
		err = os.Rename(written, aside)
	}
	if err != nil {
		return errors.Join(err, disk.RemoveAll(written))
	}
	return disk.SyncFolder(filepath.Dir(aside))
}

// lay writes a program, or a bundle, whose hash is known beside the target, durably, with the access that another has.
func lay(program, sum, target, like string) error {
	checksum, err := hex.DecodeString(sum)
	if err != nil {
		return err
	}
	if isBundle(program) {
		if err := copyBundle(program, newOf(target), like); err != nil {
			return err
		}
		return is(newOf(target), sum)
	}
	if err := is(program, sum); err != nil {
		return err
	}
	content, err := os.Open(program)
	if err != nil {
		return err
	}
	defer content.Close()
	err = selfupdate.PrepareAndCheckBinary(content, selfupdate.Options{TargetPath: target, Checksum: checksum})
	if err == nil {
		err = keepAccess(newOf(target), like)
	}
	if err == nil {
		err = syncFile(newOf(target))
	}
	return err
}

// is tells whether it is of this hash.
func is(program, sum string) error {
	found, err := sumOf(program)
	if err == nil && found != sum {
		err = errChanged
	}
	return err
}

var errChanged = errors.New("it was changed after it was verified")

// commit puts what was laid beside the target in its place; the one before lies beside it then.
func commit(ctx context.Context, target string) error {
	// What lies there may still be run, and then a system may let it be renamed and not removed.
	if disk.RemoveAll(oldOf(target)) != nil {
		_ = os.Rename(oldOf(target), oldOf(target)+"-"+strconv.FormatInt(time.Now().UnixNano(), 36))
	}
	err := disk.WhileHeld(ctx, func() error {
		if _, err := os.Lstat(target); errors.Is(err, fs.ErrNotExist) {
			return os.Rename(newOf(target), target)
		}
		err := selfupdate.CommitBinary(selfupdate.Options{TargetPath: target, OldSavePath: oldOf(target)})
		if rollback := selfupdate.RollbackError(err); rollback != nil {
			return rollback // there is no program now, until the next try
		}
		return err
	})
	if err != nil {
		return err
	}
	return disk.SyncFolder(filepath.Dir(target))
}

// sumOf is the SHA-256 of a program, or of a bundle, hexadecimal.
func sumOf(name string) (string, error) {
	if isBundle(name) {
		return sumOfBundle(name)
	}
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func syncFile(name string) error {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
