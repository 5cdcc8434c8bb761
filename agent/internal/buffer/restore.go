package buffer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/stream"
)

// Copy writes a durable copy of the buffer in a file that no agent has open, before another release of the agent works on it. Where
// there is no buffer there is no copy either. ErrDiskFull leaves no copy.
func Copy(path, copied string) error {
	if err := copyFile(path, copied); err != nil {
		return fmt.Errorf("buffer: copy: %w", err)
	}
	return nil
}

func copyFile(path, copied string) error {
	if err := os.Remove(copied); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	from, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(copied+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Sync(), to.Close()); err == nil {
		err = os.Rename(to.Name(), copied)
	}
	if err != nil {
		os.Remove(to.Name())
		if isDiskFull(err) {
			return ErrDiskFull
		}
		return err
	}
	return disk.SyncFolder(filepath.Dir(copied))
}

// AsideSince names the damaged files that were set aside since the copy was made, by the clock.
func AsideSince(path, copied string) []string {
	info, err := os.Stat(copied)
	if err != nil {
		return nil
	}
	made := asideName(path, info.ModTime())
	return slices.DeleteFunc(setAside(path), func(name string) bool { return name < made })
}

// Restore makes sure, before this release of the agent opens the buffer again, that it has what it had when it was copied. A sound one
// stays as another release left it. One that was damaged, or set aside and begun anew, is replaced by the copy and by what the other
// release stored since, as far as it can be read. It tells whether it did that; repeated, or cut off and repeated, it does no more.
// ErrLocked where an agent has the buffer open; ErrDiskFull where there is no room for both, and then all is as it was.
//
// The copy's episodes go on in their own streams, under the sequences they had: what of them was sent since is a repeat to the
// collector. A later run writes a stream of its own, so no sequence is used twice. What was open when it was copied is not restored:
// the other release closed it, and may have sent it.
func Restore(path, copied string) (restored bool, err error) {
	if _, err := os.Stat(copied); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	restored, err = restore(path, copied)
	if isDiskFull(err) {
		err = ErrDiskFull
	}
	if err != nil {
		err = fmt.Errorf("buffer: restore: %w", err)
	}
	return restored, err
}

func restore(path, copied string) (restored bool, err error) {
	before, _, err := origin(copied)
	if errors.Is(err, errPanic) {
		return false, nil // it was damaged before: Open sets aside what has to be
	}
	if err != nil {
		return false, err
	}
	now, bad, damage := origin(path)
	if damage != nil && !errors.Is(damage, errPanic) {
		return false, damage
	}
	if damage == nil && bad == 0 && now == before {
		return false, nil
	}
	mended := path + ".restored"
	if err := copyFile(copied, mended); err != nil {
		return false, err
	}
	defer os.Remove(mended)
	b := &Buffer{path: mended}
	if err := b.attach(nil); err != nil {
		return false, err
	}
	err = b.takeOver(path, damage)
	if err = errors.Join(err, b.Close()); err != nil {
		return false, err
	}
	if damage != nil || bad > 0 {
		if err := moveAside(path, time.Now()); err != nil {
			return false, err
		}
	}
	if err := os.Rename(mended, path); err != nil {
		return false, err
	}
	return true, disk.SyncFolder(filepath.Dir(path))
}

// origin gives the number that a file was given when it was begun, 0 where there is no file, and counts its damaged rows.
func origin(path string) (born int64, bad int, err error) {
	if _, err := check(path); err != nil {
		return 0, 0, err
	}
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return 0, 0, damaged("there is no buffer")
	}
	err = read(path, func(tx *bolt.Tx) error {
		for _, name := range buckets {
			if tx.Bucket(name) == nil {
				return damaged("it has no %s", name)
			}
		}
		born = getNumber(tx, bornKey)
		for _, keys := range (&Buffer{}).walk(tx) {
			bad += len(keys)
		}
		return nil
	})
	return born, bad, err
}

// read looks into a checked file.
func read(path string, look func(*bolt.Tx) error) error {
	return recovered(func() error {
		db, err := openBolt(path, &bolt.Options{Timeout: lockWait, ReadOnly: true})
		if err != nil {
			return err
		}
		defer db.Close()
		return db.View(look)
	})
}

// takeOver has an attached copy forget what was open in it, and adds what the file at path says: the streams that were begun since,
// runs, spans and pauses. With damage nothing there can be read, and that is told as a loss.
func (b *Buffer) takeOver(path string, damage error) error {
	take := func(tx *bolt.Tx) error {
		if err := forgetOpen(tx); err != nil {
			return err
		}
		if damage != nil {
			now := time.Now()
			return b.recordLoss(tx, lossOf("damaged file", stream.Login{}), loss{from: now, to: now})
		}
		return read(path, func(from *bolt.Tx) error {
			return errors.Join(takeStreams(tx, from), takeRuns(tx, from),
				takeRows(tx, from, checkpointsBucket), takeRows(tx, from, spansBucket), takeRows(tx, from, pausesBucket))
		})
	}
	return recovered(func() error { return b.db.Update(take) })
}

func forgetOpen(tx *bolt.Tx) error {
	if err := tx.DeleteBucket(checkpointsBucket); err != nil {
		return err
	}
	_, err := tx.CreateBucket(checkpointsBucket)
	return err
}

// takeStreams adds the streams that are not here yet, whole: what of the others is not there any more was acknowledged.
func takeStreams(tx, from *bolt.Tx) error {
	return from.Bucket(streamsBucket).ForEach(func(key, _ []byte) error {
		if len(key) != 4 {
			return nil
		}
		source, sound := getHead(from, beUint32(key))
		if _, here := findStream(tx, source.id); !sound || here {
			return nil
		}
		ordinal, err := newOrdinal(tx)
		if err != nil {
			return err
		}
		cursor := from.Bucket(episodesBucket).Cursor()
		for key, value := cursor.Seek(episodeKey(source.ordinal, 0)); key != nil; key, value = cursor.Next() {
			at, sequence, _ := splitEpisodeKey(key)
			if at != source.ordinal {
				break
			}
			payload, sound := unseal(episodesBucket, key, value)
			if !sound {
				continue
			}
			if err := put(tx, episodesBucket, episodeKey(ordinal, sequence), payload); err != nil {
				return err
			}
		}
		source.ordinal = ordinal
		return putHead(tx, source)
	})
}

// takeRuns notes how far the runs have come by both files: one that was begun anew knows only what came since.
func takeRuns(tx, from *bolt.Tx) error {
	return from.Bucket(runsBucket).ForEach(func(key, _ []byte) error {
		progress, before := getRun(from, string(key)), getRun(tx, string(key))
		progress.last, progress.ended = max(progress.last, before.last), progress.ended || before.ended
		return putRun(tx, string(key), progress)
	})
}

func takeRows(tx, from *bolt.Tx, bucket []byte) error {
	return from.Bucket(bucket).ForEach(func(key, value []byte) error {
		payload, sound := unseal(bucket, key, value)
		if !sound {
			return nil
		}
		return put(tx, bucket, key, payload)
	})
}
