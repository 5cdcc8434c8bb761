package buffer

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/dayline-project/dayline/shared/stream"
)

const (
	// lockWait is short: only a second agent on the same folder holds the lock.
	lockWait = time.Second
	// allocBytes: the file grows by this much, not by bbolt's 16 MiB.
	allocBytes = 1 << 20
	// keptSetAside damaged files.
	keptSetAside = 2
	// compactBytes of free pages, and half of the file, make a copy worth while.
	compactBytes = 32 << 20
	// bornKey is the number that a file is given when it is begun: copies of it have the same, files begun later have others.
	bornKey = "born"
)

// open checks the file, sets it aside if it is damaged, and opens it for writing. The caller holds the mutex.
func (b *Buffer) open() error {
	pages, err := check(b.path)
	switch {
	case errors.Is(err, errPanic):
		return b.begin(err)
	case err != nil:
		return err
	}
	compact(b.path, pages)
	return b.attach(nil)
}

// begin sets the file aside and attaches a new one.
func (b *Buffer) begin(damage error) error {
	if err := moveAside(b.path, time.Now()); err != nil {
		return fmt.Errorf("set the damaged file aside: %w", err)
	}
	return b.attach(damage)
}

// attach opens the file for writing, drops damaged rows, counts what is there and begins a stream. With damage it
// records that an earlier file was lost.
func (b *Buffer) attach(damage error) error {
	err := recovered(func() error {
		db, err := openBolt(b.path, &bolt.Options{Timeout: lockWait, OpenFile: func(path string, flag int, mode os.FileMode) (*os.File, error) {
			file, err := os.OpenFile(path, flag, mode)
			b.file = file
			return file, err
		}})
		if err != nil {
			return err
		}
		b.db = db
		db.AllocSize = allocBytes
		return b.load(damage)
	})
	switch {
	case err == nil:
		return nil
	case b.db != nil:
		b.abandon()
	case b.file != nil:
		b.file.Close()
		b.file = nil
	}
	if isDiskFull(err) {
		return ErrDiskFull
	}
	return err
}

// openBolt opens with owner-only access and turns bbolt's lock error into ours.
func openBolt(path string, options *bolt.Options) (*bolt.DB, error) {
	db, err := bolt.Open(path, 0o600, options)
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, ErrLocked
	}
	return db, err
}

// load makes the buckets, walks every row and fills what is kept in memory.
func (b *Buffer) load(damage error) error {
	var bad map[string][][]byte
	exists := true
	if err := b.db.View(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			exists = exists && tx.Bucket(name) != nil
		}
		if !exists {
			return nil
		}
		bad = b.walk(tx)
		b.stats.Lost = getNumber(tx, "lost")
		b.stats.Quarantined = int64(tx.Bucket(quarantineBucket).Stats().KeyN)
		return nil
	}); err != nil {
		return err
	}
	b.current = head{id: newStreamID(), next: 1}
	if exists && damage == nil && len(bad) == 0 {
		return nil
	}
	if !exists {
		b.usage, b.total, b.stats.Lost, b.stats.Quarantined = map[string]usage{}, usage{}, 0, 0
	}
	return b.db.Update(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		if !exists {
			if err := putNumber(tx, bornKey, rand.Int64()); err != nil {
				return err
			}
		}
		if damage != nil {
			// How many were in it nobody knows: count 0.
			if err := b.recordLoss(tx, lossOf("damaged file", stream.Login{}), loss{from: time.Now(), to: time.Now()}); err != nil {
				return err
			}
		}
		return b.dropDamaged(tx, bad)
	})
}

// walk counts the episodes and gives the keys of damaged rows by bucket.
func (b *Buffer) walk(tx *bolt.Tx) map[string][][]byte {
	b.usage, b.total = map[string]usage{}, usage{}
	bad := map[string][][]byte{}
	heads := map[uint32]bool{}
	for _, name := range buckets {
		cursor := tx.Bucket(name).Cursor()
		for key, value := cursor.First(); key != nil; key, value = cursor.Next() {
			_, sound := unseal(name, key, value)
			if sound && string(name) == string(episodesBucket) {
				sound = b.count(tx, heads, key, value)
			}
			if !sound {
				bad[string(name)] = append(bad[string(name)], append([]byte(nil), key...))
			}
		}
	}
	return bad
}

// count adds an episode to what its login uses; false where the row cannot be sent.
func (b *Buffer) count(tx *bolt.Tx, heads map[uint32]bool, key, value []byte) bool {
	ordinal, _, ok := splitEpisodeKey(key)
	if !ok {
		return false
	}
	if _, known := heads[ordinal]; !known {
		_, heads[ordinal] = getHead(tx, ordinal)
	}
	_, canonical, ok := episodeRow(key, value)
	if !ok || !heads[ordinal] {
		return false
	}
	record, err := stream.DecodeRecord(canonical)
	if err != nil {
		return false
	}
	b.use(record.Login, 1, rowBytes(key, value))
	return true
}

// use adds to (or, negative, takes from) what a login uses.
func (b *Buffer) use(login stream.Login, episodes, bytes int64) {
	key := loginKey(login)
	used := b.usage[key]
	used.login = login
	used.episodes += episodes
	used.bytes += bytes
	if used.episodes == 0 {
		delete(b.usage, key)
	} else {
		b.usage[key] = used
	}
	b.total.episodes += episodes
	b.total.bytes += bytes
}

// dropDamaged removes rows whose checksum does not fit and records the episodes among them as lost.
func (b *Buffer) dropDamaged(tx *bolt.Tx, bad map[string][][]byte) error {
	for name, keys := range bad {
		for _, key := range keys {
			if err := tx.Bucket([]byte(name)).Delete(key); err != nil {
				return err
			}
		}
	}
	if count := int64(len(bad[string(episodesBucket)])); count > 0 {
		return b.recordLoss(tx, lossOf("damaged rows", stream.Login{}), loss{count: count, from: time.Now(), to: time.Now()})
	}
	return nil
}

// moveAside renames the file and removes all but the newest that were set aside.
func moveAside(path string, now time.Time) error {
	if err := os.Rename(path, asideName(path, now)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	kept := setAside(path)
	for len(kept) > keptSetAside {
		if err := os.Remove(kept[0]); err != nil {
			return err
		}
		kept = kept[1:]
	}
	return nil
}

func asideName(path string, now time.Time) string {
	return path + ".corrupt-" + now.UTC().Format("20060102T150405.000Z")
}

func setAside(path string) []string {
	found, _ := filepath.Glob(path + ".corrupt-*") // only a bad pattern fails
	sort.Strings(found)
	return found
}

// compact copies a file that is mostly free pages. It is a convenience: where it fails the file stays as it is.
func compact(path string, pages pageCount) {
	if pages.free*pages.size <= compactBytes || pages.free <= pages.all/2 {
		return
	}
	copied := path + ".compact"
	os.Remove(copied)
	defer os.Remove(copied)
	err := recovered(func() error {
		src, err := openBolt(path, &bolt.Options{Timeout: lockWait, ReadOnly: true})
		if err != nil {
			return err
		}
		defer src.Close()
		dst, err := openBolt(copied, &bolt.Options{Timeout: lockWait})
		if err != nil {
			return err
		}
		return errors.Join(bolt.Compact(dst, src, 1<<20), dst.Close())
	})
	if err == nil {
		os.Rename(copied, path)
	}
}
