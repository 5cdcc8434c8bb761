package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// ForgetLogins deletes logins, the people who have no other, and what devices said of them.
func (r *Registry) ForgetLogins(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	return r.forget(ctx, "forget logins", func(tx *sql.Tx) error {
		for _, key := range keys {
			if err := deleteAll(ctx, tx, key, "logins WHERE key = ?", "login_names WHERE login = ?", "tokens WHERE owner_login = ?"); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM people WHERE id NOT IN (SELECT person FROM logins)")
		if err != nil {
			return err
		}
		return forgetCapture(ctx, tx, keys)
	})
}

// forgetCapture takes out of what devices said of themselves what is about logins.
func forgetCapture(ctx context.Context, tx *sql.Tx, keys []string) error {
	type row struct {
		device string
		health []byte
	}
	all, err := collect(ctx, tx, "health", func(rows *sql.Rows) (one row, err error) {
		return one, rows.Scan(&one.device, &one.health)
	}, "SELECT device, health FROM health")
	if err != nil {
		return err
	}
	for _, one := range all {
		health := &agentv1.Health{}
		if err := proto.Unmarshal(one.health, health); err != nil {
			return err
		}
		kept := slices.DeleteFunc(slices.Clone(health.Capture), func(c *agentv1.Capture) bool {
			who := stream.Login{Authority: c.GetLogin().GetAuthority(), Account: c.GetLogin().GetAccount()}
			return who.Account != "" && slices.Contains(keys, collector.LoginKey(one.device, who))
		})
		if len(kept) == len(health.Capture) {
			continue
		}
		health.Capture = kept
		text, err := proto.Marshal(health)
		if err == nil {
			_, err = tx.ExecContext(ctx, "UPDATE health SET health = ? WHERE device = ?", text, one.device)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ForgetDevice deletes what a device said of its health and of the names of directory logins.
func (r *Registry) ForgetDevice(ctx context.Context, device string) error {
	return r.forget(ctx, "forget device", func(tx *sql.Tx) error {
		return deleteAll(ctx, tx, device, "health WHERE device = ?", "login_names WHERE device = ?", "tokens WHERE owner_device = ?")
	})
}

func deleteAll(ctx context.Context, tx *sql.Tx, key string, from ...string) error {
	for _, one := range from {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+one, key); err != nil {
			return err
		}
	}
	return nil
}

// EditFileRevisions changes what is kept of a file's past; its hashes stay.
func (r *Registry) EditFileRevisions(ctx context.Context, file string, edit func(content []byte) []byte) error {
	return r.forget(ctx, "edit file revisions", func(tx *sql.Tx) error {
		ids, err := collect(ctx, tx, "file revisions", func(rows *sql.Rows) (id int64, err error) { return id, rows.Scan(&id) },
			"SELECT id FROM file_revisions WHERE file = ?", file)
		if err != nil {
			return err
		}
		for _, id := range ids {
			var content []byte
			if err := tx.QueryRowContext(ctx, "SELECT content FROM file_revisions WHERE id = ?", id).Scan(&content); err != nil {
				return err
			}
			edited := edit(content)
			if bytes.Equal(edited, content) {
				continue
			}
			if _, err := tx.ExecContext(ctx, "UPDATE file_revisions SET content = ? WHERE id = ?", notNil(edited), id); err != nil {
				return err
			}
		}
		return nil
	})
}

// forget is a write whose deletions leave no trace in any file of the registry's.
func (r *Registry) forget(ctx context.Context, what string, do func(tx *sql.Tx) error) error {
	if err := r.write(ctx, what, do); err != nil {
		return err
	}
	copies, err := filepath.Glob(filepath.Join(r.dir, keptCopies))
	for _, file := range copies {
		if gone := os.Remove(file); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	if err != nil {
		return fmt.Errorf("sqlite: %s: %w", what, err)
	}
	return r.fold(ctx)
}
