package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// madeAgain is how much later a document has to be made again for that to be written down.
const madeAgain = time.Hour

// PutDocument keeps a settings document under its revision; once stored it never changes.
func (r *Registry) PutDocument(ctx context.Context, device, revision string, document []byte, at time.Time) error {
	if revision == "" {
		return collector.Refuse(collector.BadRequest, "revision", "a document has a revision")
	}
	type row struct {
		document []byte
		made     int64
	}
	known, err := collect(ctx, r.reader, "put document", func(rows *sql.Rows) (one row, err error) {
		return one, rows.Scan(&one.document, &one.made)
	}, "SELECT document, made_ms FROM documents WHERE revision = ?", revision)
	if err != nil {
		return err
	}
	if len(known) > 0 && !bytes.Equal(known[0].document, document) {
		return collector.Refuse(collector.Conflict, "revision", "another document has this revision")
	}
	if len(known) > 0 && millis(at)-known[0].made < madeAgain.Milliseconds() {
		return nil
	}
	return r.write(ctx, "put document", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO documents (revision, document, device, made_ms) VALUES (?, ?, ?, ?)
			ON CONFLICT (revision) DO UPDATE SET made_ms = max(made_ms, excluded.made_ms)`,
			revision, notNil(document), device, millis(at))
		return err
	})
}

// PruneDocuments deletes the documents that another took the place of before a time.
func (r *Registry) PruneDocuments(ctx context.Context, before time.Time) (pruned int64, err error) {
	err = r.write(ctx, "prune documents", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM documents AS d WHERE EXISTS (SELECT 1 FROM documents n
			WHERE n.device = d.device AND n.made_ms > d.made_ms AND n.made_ms < ?)`, millis(before))
		if err == nil {
			pruned, err = result.RowsAffected()
		}
		return err
	})
	return pruned, err
}

// Document gives the settings document of a revision.
func (r *Registry) Document(ctx context.Context, revision string) ([]byte, error) {
	found, err := collect(ctx, r.reader, "document", func(rows *sql.Rows) (document []byte, err error) {
		return document, rows.Scan(&document)
	}, "SELECT document FROM documents WHERE revision = ?", revision)
	if err == nil && len(found) == 0 {
		err = collector.Refuse(collector.NotFound, "revision", "there is no such settings document")
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// AddFileRevision keeps an applied configuration file, and lets go of its oldest revision beyond collector.MaxFileRevisions.
func (r *Registry) AddFileRevision(ctx context.Context, revision collector.FileRevision) error {
	return r.write(ctx, "add file revision", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO file_revisions (file, at_ms, actor, sha256, content) VALUES (?, ?, ?, ?, ?)",
			revision.File, millis(revision.At), revision.Actor, revision.SHA256, notNil(revision.Content))
		if err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM file_revisions WHERE file = ? AND id <= (
				SELECT id FROM file_revisions WHERE file = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
				revision.File, revision.File, collector.MaxFileRevisions)
		}
		return err
	})
}

// FileRevisions gives the newest revisions of a file, or of all where it is empty, newest first; a limit of 0 or less gives
// all.
func (r *Registry) FileRevisions(ctx context.Context, file string, limit int) ([]collector.FileRevision, error) {
	if limit <= 0 {
		limit = -1
	}
	return collect(ctx, r.reader, "file revisions", func(rows *sql.Rows) (f collector.FileRevision, err error) {
		var at int64
		err = rows.Scan(&f.File, &at, &f.Actor, &f.SHA256, &f.Content)
		f.At = moment(at)
		return f, err
	}, "SELECT file, at_ms, actor, sha256, content FROM file_revisions WHERE ? IN ('', file) ORDER BY id DESC LIMIT ?", file, limit)
}

// notNil keeps an empty value from being stored as NULL.
func notNil(bytes []byte) []byte {
	if bytes == nil {
		return []byte{}
	}
	return bytes
}
