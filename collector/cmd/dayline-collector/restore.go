package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/backup"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/duckdb"
	"github.com/dayline-project/dayline/collector/retention"
	"github.com/dayline-project/dayline/collector/sqlite"
)

type restoreCommand struct {
	Dir      string   `arg:"" name:"DIR" help:"The backup."`
	Erasures []string `sep:"none" placeholder:"FROM" help:"A newer backup, or the former data directory: what was deleted after DIR was made is read from it and deleted again. Or none."`
}

// noErasures says that nothing was deleted after the backup was made, or that it may come back.
const noErasures = "none"

// Run makes a data folder of a backup. What was deleted stays deleted: before anybody can serve from it, the backup's own
// tombstones are applied and those of the later states it is told of.
func (c *restoreCommand) Run(i *invocation) (err error) {
	set, err := loadConfig(backup.ConfigFor(c.Dir, i.configDir))
	if err != nil {
		return err
	}
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return err
	}
	dataDir := set.Collector.DataDir
	later, err := c.later(i, dataDir)
	if err != nil {
		return err
	}
	m, configured, err := backup.Restore(i.ctx, c.Dir, dataDir, i.configDir)
	if err != nil {
		return err
	}
	deleted, err := c.finish(i, set, &m, later)
	if err != nil {
		return err
	}
	fmt.Fprintf(i.err, "Restored the backup of %s into %s.\n", m.Created.Format("2006-01-02 15:04:05 MST"), dataDir)
	if deleted > 0 {
		fmt.Fprintf(i.err, "%d episodes that had been deleted are deleted again.\n", deleted)
	}
	if len(c.Erasures) == 0 {
		fmt.Fprintln(i.err, "What was deleted after this backup was made is not known here: delete it again, "+
			"or restore once more with --erasures and a newer backup or the former data directory.")
	}
	if configured {
		fmt.Fprintf(i.err, "The configuration was restored into %s.\n", i.configDir)
	} else {
		fmt.Fprintf(i.err, "The configuration in %s was left as it is.\n", i.configDir)
	}
	return nil
}

// later reads the deletions made after the backup. Where none are named and a state beside it knows of some, the
// restore is refused: they would come back unnoticed.
func (c *restoreCommand) later(i *invocation, dataDir string) ([]collector.Tombstone, error) {
	if slices.Contains(c.Erasures, noErasures) {
		if len(c.Erasures) > 1 {
			return nil, usage("--erasures none goes with no other")
		}
		return nil, nil
	}
	scratch := filepath.Dir(dataDir)
	var all []collector.Tombstone
	for _, from := range c.Erasures {
		folder, err := backup.RegistryOf(from, sqlite.File)
		if err != nil {
			return nil, err
		}
		if inUse(folder) {
			return nil, fmt.Errorf("a collector is running on %s: stop it, or let it make a backup and name that", folder)
		}
		past, err := sqlite.Peek(i.ctx, folder, scratch, 0)
		if err != nil {
			return nil, fmt.Errorf("--erasures %s: %w", from, err)
		}
		all = append(all, past.Tombstones...)
	}
	if len(c.Erasures) > 0 {
		return all, nil
	}
	return nil, c.unnamed(i, dataDir, scratch)
}

// unnamed refuses where a later state beside the backup or the data folder knows deletions that the backup does not.
func (c *restoreCommand) unnamed(i *invocation, dataDir, scratch string) error {
	m, err := backup.Verify(i.ctx, c.Dir)
	if err != nil {
		return err
	}
	folder, err := backup.RegistryOf(c.Dir, sqlite.File)
	if err != nil {
		return err
	}
	own, err := sqlite.Peek(i.ctx, folder, scratch, 0)
	if err != nil {
		return err
	}
	for _, folder := range backup.Neighbours(c.Dir, dataDir, sqlite.File) {
		past, err := sqlite.Peek(i.ctx, folder, scratch, m.Audit.Sequence)
		if err != nil || hex.EncodeToString(past.Hash) != m.Audit.Hash {
			continue // another collector's, or an older state
		}
		if n := len(retention.Unknown(own.Tombstones, past.Tombstones)); n > 0 {
			return fmt.Errorf("%s knows of %d deletions that were made after this backup: add --erasures %s so that they hold, "+
				"or --erasures none to bring the data back", folder, n, folder)
		}
	}
	return nil
}

// inUse tells whether a collector holds the lock of a data folder.
func inUse(dir string) bool {
	lock, err := os.Open(filepath.Join(dir, lockName))
	if err != nil {
		return false
	}
	defer lock.Close()
	return errors.Is(unix.Flock(int(lock.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// finish deletes again what was deleted, and lets the folder be served.
func (c *restoreCommand) finish(i *invocation, set *config.Set, m *backup.Manifest, later []collector.Tombstone) (deleted int64, err error) {
	dataDir := set.Collector.DataDir
	lock, err := claim(dataDir)
	if err != nil {
		return 0, err
	}
	defer lock.Close()
	log := slog.New(newLog(i.err, set.Collector.Log))
	registry, err := sqlite.Open(i.ctx, dataDir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, registry.Close()) }()
	store, err := duckdb.Open(i.ctx, dataDir, duckdb.Options{MemoryBytes: int64(set.Collector.Storage.Memory), Log: log})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	err = registry.Audit(i.ctx, collector.AuditEntry{
		At: time.Now(), Actor: collector.LocalAdministrator, Action: "restore", Subject: c.Dir,
		Detail: fmt.Sprintf(`{"backup_of":%q,"deletions":%d}`, m.Created.Format(time.RFC3339), len(later)),
	})
	if err != nil {
		return 0, err
	}
	keeping := retention.New(retention.Options{Registry: registry, Store: store, Set: func() *config.Set { return set }, Log: log})
	if deleted, err = keeping.Restored(i.ctx, later); err != nil {
		return deleted, err
	}
	return deleted, backup.Finish(dataDir)
}
