package main

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/api"
	"github.com/dayline-project/dayline/collector/backup"
	"github.com/dayline-project/dayline/collector/duckdb"
	"github.com/dayline-project/dayline/collector/sqlite"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type backupCommand struct {
	// Words are [verify] DIR: a command cannot have both arguments and commands below it.
	Words []string `arg:"" optional:"" name:"[verify] DIR" help:"An empty folder to back up into, or 'verify' and a backup to check."`
}

// Run makes or verifies a backup.
func (c *backupCommand) Run(i *invocation) error {
	switch {
	case len(c.Words) == 2 && c.Words[0] == "verify":
		return verifyBackup(i, c.Words[1])
	case len(c.Words) == 1 && c.Words[0] != "verify":
		return makeBackup(i, c.Words[0])
	}
	return usage("say `backup DIR` or `backup verify DIR`")
}

func makeBackup(i *invocation, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.Backup(i.ctx, connect.NewRequest(&adminv1.BackupRequest{Directory: dir}))
	if err != nil {
		return err
	}
	fmt.Fprintf(i.err, "Backed up %.0f bytes into %s.\n", answer.Msg.Bytes, dir)
	return nil
}

func verifyBackup(i *invocation, dir string) error {
	m, err := backup.Verify(i.ctx, dir)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(i.out, "The backup of %s verifies: %d files, %d audit entries.\n",
		m.Created.Format("2006-01-02 15:04:05 MST"), len(m.Files), m.Audit.Sequence)
	return err
}

type restoreCommand struct {
	Dir string `arg:"" name:"DIR" help:"The backup."`
}

// Run makes a data folder of a backup. What was deleted stays deleted: tombstones are applied before anybody can serve
// from it.
func (c *restoreCommand) Run(i *invocation) (err error) {
	set, err := loadConfig(backup.ConfigFor(c.Dir, i.configDir))
	if err != nil {
		return err
	}
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return err
	}
	dataDir := set.Collector.DataDir
	m, configured, err := backup.Restore(i.ctx, c.Dir, dataDir, i.configDir)
	if err != nil {
		return err
	}
	lock, err := claim(dataDir)
	if err != nil {
		return err
	}
	defer lock.Close()
	registry, err := sqlite.Open(i.ctx, dataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, registry.Close()) }()
	store, err := duckdb.Open(i.ctx, dataDir, duckdb.Options{
		MemoryBytes: int64(set.Collector.Storage.Memory), Log: slog.New(newLog(i.err, set.Collector.Log)),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	err = registry.Audit(i.ctx, collector.AuditEntry{
		At: time.Now(), Actor: api.LocalAdministrator, Action: "restore", Subject: c.Dir,
		Detail: fmt.Sprintf(`{"backup_of":%q}`, m.Created.Format(time.RFC3339)),
	})
	if err != nil {
		return err
	}
	deleted, err := backup.Finish(i.ctx, dataDir, registry, store)
	if err != nil {
		return err
	}
	fmt.Fprintf(i.err, "Restored the backup of %s into %s.\n", m.Created.Format("2006-01-02 15:04:05 MST"), dataDir)
	if deleted > 0 {
		fmt.Fprintf(i.err, "%d episodes that had been deleted are deleted again.\n", deleted)
	}
	if configured {
		fmt.Fprintf(i.err, "The configuration was restored into %s.\n", i.configDir)
	} else {
		fmt.Fprintf(i.err, "The configuration in %s was left as it is.\n", i.configDir)
	}
	return nil
}
