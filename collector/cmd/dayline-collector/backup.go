package main

import (
	"fmt"
	"path/filepath"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/backup"
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
